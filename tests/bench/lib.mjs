// What the measures share: processes' CPU and memory, the load generator, numbers, rows. See docs/benchmarks.md.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { body, httpRequest } from './bodies.mjs';
import { eventually } from '../e2e/lib.mjs';

export const exec = promisify(execFile);
export const root = process.env.SOURCE_DIR;
export const loadProgram = path.join(root, 'build/release/tests/sluice-load');
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const rounded = (value, digits = 2) => +value.toFixed(digits);
export const say = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// CPU nanoseconds of processes so far, all threads.
export function cpu(pids) {
  let total = 0;
  for (const pid of pids) for (const task of fs.readdirSync(`/proc/${pid}/task`)) total += +fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0];
  return total;
}
export const residentKb = (pids) => pids.reduce((sum, pid) => sum + +/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1], 0);

// The same request for every target; only the key is the one that the target's end asks for. { gateway, direct }: files.
export function requestFiles(system, name, model, stream, bytes, key = system.env.GATEWAY_KEY) {
  const json = body(model, stream, bytes);
  const files = { gateway: path.join(system.state, `${name}.gateway`), direct: path.join(system.state, `${name}.direct`) };
  fs.writeFileSync(files.gateway, httpRequest('bench.test', key, json));
  fs.writeFileSync(files.direct, httpRequest('bench.test', system.env.UPSTREAM_SECRET, json));
  return files;
}

export const loadArguments = (options) => Object.entries(options).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, String(value)]));

// Runs the load generator; options as it takes them. Every answer must have the status and be whole, unless `expect` is 0.
export async function load(target, request, options, expect = 200) {
  const before = cpu(target.pids);
  const { stdout } = await exec(loadProgram, loadArguments({ port: target.port, request, ...options }), { maxBuffer: 1 << 24 });
  const result = JSON.parse(stdout);
  result.cpuNs = cpu(target.pids) - before;
  const wanted = options.requests ?? result.answers;
  if (expect && (result.failures || result.answers !== wanted || result.statuses[expect] !== wanted || wanted === 0)) {
    throw new Error(`${target.name}: not every answer was ${expect}: ${stdout}`);
  }
  return result;
}

// Alternates: every item in turn, in opposite order every second round.
export async function inTurn(rounds, items, title, call) {
  for (let i = 0; i < rounds; i++) {
    for (const item of i % 2 ? [...items].reverse() : items) await call(item, i);
    say(`${title}: round ${i + 1} of ${rounds}`);
  }
}

// A row of the table from ratios of the rounds.
export function ratioRow(measure, unit, ratios, { must, aim, ...figures }) {
  const shown = Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, rounded(median(values))]));
  return { measure, unit, ...shown, ratio: rounded(median(ratios)), spread: `${rounded(Math.min(...ratios))}-${rounded(Math.max(...ratios))}`, must, aim };
}

// Holds streams open while `during` runs.
export async function holding(target, request, streams, during) {
  const child = spawn(loadProgram, loadArguments({ port: target.port, request, connections: streams, hold: true }), { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    await eventually(`${target.name} holds ${streams} streams`, () => out.includes(`held ${streams}`), 120000);
    return await during();
  } finally {
    child.stdin.end('\n');
    await ended;
  }
}
