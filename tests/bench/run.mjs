// See tests/bench/run. CPU is read from /proc/PID/task/*/schedstat over each measurement; targets take turns within a
// round, in opposite order every second round; a figure is the median of the rounds' ratios.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { body, httpRequest } from './bodies.mjs';
import { startHaproxy, startNginx } from './proxies.mjs';
import { eventually, priced } from '../e2e/lib.mjs';

const run = promisify(execFile);
const root = process.env.SOURCE_DIR;
const state = process.env.SLUICE_STATE;
const argument = (name, fallback) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? fallback : +process.argv[at + 1]; };
const quick = process.argv.includes('--quick');
const rounds = argument('rounds', quick ? 1 : 5);
const load = path.join(root, 'build/release/tests/sluice-load');
const upstream = new URL(process.env.FAKE_URL);
const pidOf = (name) => +fs.readFileSync(path.join(process.env.STATE_DIR, 'run', `${name}.pid`), 'utf8');

// CPU nanoseconds of a process so far, all threads.
function cpu(pids) {
  let total = 0;
  for (const pid of pids) for (const task of fs.readdirSync(`/proc/${pid}/task`)) total += +fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0];
  return total;
}
const residentKb = (pids) => pids.reduce((sum, pid) => sum + +/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1], 0);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (value, digits = 2) => +value.toFixed(digits);

const models = {
  json: await priced('fake:tokens=60'),
  paced: await priced('fake:tokens=50,token-delay=20ms'),
  held: await priced('fake:tokens=2000,token-delay=1000ms'),
};
const targets = [
  { name: 'direct', port: +upstream.port, pids: [] },
  await startNginx(fs.mkdtempSync(path.join(state, 'nginx-')), upstream.host),
  await startHaproxy(fs.mkdtempSync(path.join(state, 'haproxy-')), upstream.host),
  { name: 'sluice', port: +new URL(process.env.GATEWAY_URL).port, pids: [pidOf('dataplane')] },
];

// The same request for every target; only the key is the one that the target's end asks for.
function requestFile(name, json) {
  const file = path.join(state, name);
  fs.writeFileSync(`${file}.gateway`, httpRequest('bench.test', process.env.GATEWAY_KEY, json));
  fs.writeFileSync(`${file}.direct`, httpRequest('bench.test', process.env.UPSTREAM_SECRET, json));
  return file;
}
const fileOf = (target, file) => `${file}.${target.name === 'sluice' ? 'gateway' : 'direct'}`;

async function measure(target, file, connections, requests, pause = 0) {
  const before = cpu(target.pids);
  const { stdout } = await run(load, [target.port, fileOf(target, file), connections, requests, pause].map(String), { maxBuffer: 1 << 24 });
  const result = JSON.parse(stdout);
  result.cpuNs = cpu(target.pids) - before;
  if (result.failures || result.not_ok || result.answers !== requests) throw new Error(`${target.name}: ${stdout}`);
  return result;
}

// Every target in turn, `rounds` times.
async function series(title, file, connections, requests, { pause = 0, per = (result) => result.answers } = {}) {
  const figures = Object.fromEntries(targets.map((target) => [target.name, []]));
  for (const target of targets) await measure(target, file, connections, Math.min(requests, 500), pause);
  for (let i = 0; i < rounds; i++) {
    for (const target of i % 2 ? [...targets].reverse() : targets) {
      const result = await measure(target, file, connections, requests, pause);
      figures[target.name].push({ cpuUs: result.cpuNs / 1000 / per(result), firstByteUs: result.first_byte_p50_us, firstByteP99Us: result.first_byte_p99_us });
    }
    process.stderr.write(`${title}: round ${i + 1} of ${rounds}\n`);
  }
  return figures;
}

function cpuRow(measureName, figures, must, aim) {
  const ratios = figures.sluice.map((own, i) => own.cpuUs / Math.min(figures.nginx[i].cpuUs, figures.haproxy[i].cpuUs));
  return {
    measure: measureName, unit: 'us CPU',
    sluice: round(median(figures.sluice.map((f) => f.cpuUs))), nginx: round(median(figures.nginx.map((f) => f.cpuUs))),
    haproxy: round(median(figures.haproxy.map((f) => f.cpuUs))), ratio: round(median(ratios)),
    spread: `${round(Math.min(...ratios))}-${round(Math.max(...ratios))}`, must, aim,
  };
}

function addedRow(figures) {
  const added = (name, field) => figures[name].map((f, i) => Math.max(1, f[field] - figures.direct[i][field]));
  const own = added('sluice', 'firstByteUs');
  const nginx = added('nginx', 'firstByteUs');
  const ratios = own.map((value, i) => value / nginx[i]);
  return {
    measure: 'added time to first byte p50, one client', unit: 'us', sluice: median(own), nginx: median(nginx), haproxy: median(added('haproxy', 'firstByteUs')),
    ratio: round(median(ratios)), spread: `${round(Math.min(...ratios))}-${round(Math.max(...ratios))}`, must: 2, aim: 1.3,
    p99: { sluice: median(added('sluice', 'firstByteP99Us')), nginx: median(added('nginx', 'firstByteP99Us')) },
  };
}

// Resident memory per held stream: the slope between two numbers of streams.
async function memoryPerStream(target, file, few, many) {
  const at = [];
  for (const streams of [few, many]) {
    const child = spawn(load, [target.port, fileOf(target, file), streams, 'hold'].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    await eventually(`${target.name} holds ${streams} streams`, () => out.includes(`held ${streams}`), 120000);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    at.push(residentKb(target.pids));
    child.stdin.end('\n');
    await new Promise((resolve) => child.on('exit', resolve));
  }
  return (at[1] - at[0]) / (many - few);
}

const rows = [];
const sizes = [['2 KB', 2000, 20000, 2.0, 1.4], ['16 KB', 16000, 10000, 2.5, 1.8], ['400 KB', 400000, 800, 2.5, 1.8]];
for (const [label, bytes, requests, must, aim] of sizes) {
  const file = requestFile(`json-${bytes}`, body(models.json, false, bytes));
  rows.push(cpuRow(`request, ${label} JSON, 32 clients`, await series(label, file, 32, quick ? requests / 10 : requests), must, aim));
}
const paced = requestFile('paced', body(models.paced, true, 2000));
rows.push(cpuRow('paced SSE event, metered (50 per stream, 20 ms)',
  await series('paced', paced, 200, quick ? 200 : 600, { per: (result) => result.answers * 55 }), 1.25, 1.05));
const single = requestFile('single', body(models.json, true, 2000));
rows.push(addedRow(await series('first byte', single, 1, quick ? 300 : 2000)));
const held = requestFile('held', body(models.held, true, 2000));
const memory = {};
for (const target of targets.slice(1)) memory[target.name] = round(await memoryPerStream(target, held, quick ? 100 : 500, quick ? 400 : 2000));
rows.push({ measure: 'memory per held stream', unit: 'kB', ...memory, ratio: round(memory.sluice / memory.haproxy), must: '8 kB', aim: '3 kB' });
const report = { date: new Date().toISOString(), host: { cpu: os.cpus()[0].model, cores: os.cpus().length }, rounds, rows };
fs.mkdirSync(path.join(root, 'build/bench'), { recursive: true });
fs.writeFileSync(path.join(root, 'build/bench/results.json'), `${JSON.stringify(report, null, 2)}\n`);
console.table(rows.map(({ measure: name, unit, sluice, nginx, haproxy, ratio, spread, must, aim }) => ({ measure: name, unit, sluice, nginx, haproxy, ratio, spread, must, aim })));
for (const target of targets) target.stop?.();
process.exit(0);
