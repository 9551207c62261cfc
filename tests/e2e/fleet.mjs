// A fleet for tests: several data-plane nodes on one PostgreSQL, one Redis, one control plane and one fake upstream, all
// private and in a state folder of their own, from the programs of SLUICE_PRESET (default release; built beforehand).
//   const fleet = await startFleet({ nodes: 3, links: true });
//   fleet.nodes[0].url .adminUrl .pid .kill() .stop() .restart() .pause() .resume() .metric(name)
//   fleet.nodes[0].links.{redis,controlPlane}     cut_proxy links, if asked for
//   fleet.redis .pause() .resume() .kill() .start() .cli(...args) .flushall() .save() .rollBack()
//   fleet.controlPlane, fleet.postgres            .kill() .start() .pause() .resume()
//   fleet.fake, fleet.books()                     the fake upstream's program; its books by account, tag and call
//   fleet.make.{user,group,account,key,price}(), fleet.synced()          fleet_setup.mjs
//   fleet.usage(), fleet.sql(text), fleet.waitIdle(), fleet.stop()
// The environment of lib.mjs (ADMIN_URL ...) is set too, with node 0 as the gateway.
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cutProxy } from '../support/cut_proxy.mjs';
import { admin, eventually, list } from './lib.mjs';
import { Program, freePorts } from './process.mjs';
import { makers } from './fleet_setup.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const preset = process.env.SLUICE_PRESET ?? 'release';
const programOf = (name) => path.join(root, 'build', preset, name);
const getJson = async (url) => (await fetch(url)).json();
const answers = async (url) => (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;

// A service that deploy/local/start runs: known by its pid file.
class Service {
  constructor(state, name) { Object.assign(this, { state, name }); }
  get pid() { return +fs.readFileSync(path.join(this.state, 'run', `${this.name}.pid`), 'utf8'); }
  pause() { process.kill(this.pid, 'SIGSTOP'); return this; }
  resume() { process.kill(this.pid, 'SIGCONT'); return this; }
  async kill(signal = 'SIGKILL') {
    const { pid } = this;
    process.kill(pid, signal);
    await eventually(`${this.name} is gone`, () => {
      try { return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1][0] === 'Z'; } catch { return true; }
    });
    return this;
  }
  async start() {
    await run(path.join(root, 'deploy/local/start'), ['--no-build', '--only', this.name], { env: process.env });
    return this;
  }
}

class Redis extends Service {
  get socket() { return path.join(this.state, 'run/redis.sock'); }
  async cli(...args) { return (await run('redis-cli', ['-s', this.socket, ...args.map(String)], { maxBuffer: 1 << 28 })).stdout.trim(); }
  flushall() { return this.cli('flushall'); }
  // Keeps a copy of the data, for rollBack().
  async save() {
    fs.rmSync(path.join(this.state, 'redis.saved'), { recursive: true, force: true });
    fs.cpSync(path.join(this.state, 'redis'), path.join(this.state, 'redis.saved'), { recursive: true });
  }
  // kill -9, the data of save(), start: what a fail-over to a replica that lags behind looks like.
  async rollBack() {
    await this.kill();
    fs.rmSync(path.join(this.state, 'redis'), { recursive: true });
    fs.cpSync(path.join(this.state, 'redis.saved'), path.join(this.state, 'redis'), { recursive: true });
    return this.start();
  }
}

async function makeNode(state, ports, index, { workers, links, times, limits, drain, seed, redisCommand }) {
  const id = `local-${index + 1}`;
  const listen = `127.0.0.1:${ports[index * 2]}`;
  const adminListen = `127.0.0.1:${ports[index * 2 + 1]}`;
  const made = links
    ? { redis: await cutProxy({ path: path.join(state, 'run/redis.sock') }, { seed: seed + index * 2 }),
      controlPlane: await cutProxy({ port: +process.env.CONTROL_GRPC_PORT }, { seed: seed + index * 2 + 1 }) }
    : null;
  const section = (name, values) => (Object.keys(values).length === 0 ? '' : `${name}:\n${Object.entries(values).map(([key, value]) => `  ${key}: ${value}\n`).join('')}`);
  const config = path.join(state, 'config', `node-${index + 1}.yaml`);
  const data = path.join(state, `node-${index + 1}`);
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  fs.writeFileSync(config, `node_id: "${id}"
listen: "${listen}"
admin_listen: "${adminListen}"
workers: ${workers}
control_plane: "${made ? made.controlPlane.address : `127.0.0.1:${process.env.CONTROL_GRPC_PORT}`}"
redis: "${made ? made.redis.address : `unix:${path.join(state, 'run/redis.sock')}`}"
redis_command: ${redisCommand}
data_dir: "${data}"
drain: ${drain}
secrets:
  api_key_pepper_file: "${state}/secrets/api_key_pepper"
  snapshot_key_file: "${state}/secrets/snapshot_key"
  node_token_file: "${state}/secrets/node_token"
log:
  level: "${process.env.SLUICE_LOG_LEVEL ?? 'info'}"
${section('times', { overload_delay: '5s', ...times })}${section('limits', limits)}`);
  const node = new Program({
    name: id, argv: [programOf('dataplane/sluice-dataplane'), '--config', config],
    log: path.join(state, 'log', `node-${index + 1}.log`), ready: () => answers(`http://${adminListen}/readyz`),
  });
  return Object.assign(node, {
    id, url: `http://${listen}`, adminUrl: `http://${adminListen}`, links: made, config, dataDir: data,
    // The sum of a metric over its labels; undefined if the node does not have it.
    async metric(name) {
      const text = await (await fetch(`http://${adminListen}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
      const found = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      return found.length === 0 ? undefined : found.reduce((sum, line) => sum + +line.slice(line.lastIndexOf(' ') + 1), 0);
    },
  });
}

class Fleet {
  constructor(state) {
    Object.assign(this, { state, nodes: [], admin, make: makers(this), redis: new Redis(state, 'redis'),
      controlPlane: new Service(state, 'controlplane'), postgres: new Service(state, 'postgres') });
  }

  get running() { return this.nodes.filter((node) => node.alive && !node.paused); }
  usage(query = '') { return list(`/admin/v1/usage-events${query}`, 'usageEvents'); }
  async sql(text) { return (await run('psql', ['-X', '-At', '-d', process.env.DATABASE, '-c', text], { maxBuffer: 1 << 28 })).stdout.trim(); }

  // { accounts, tags, calls } of the fake: requests, peaks of open ones, every call.
  async books() {
    const [counts, calls] = await Promise.all([getJson(`${this.fakeUrl}/__fake/accounts`), getJson(`${this.fakeUrl}/__fake/calls`)]);
    return { ...counts, calls };
  }
  async resetBooks() { await fetch(`${this.fakeUrl}/__fake/reset`, { method: 'POST' }); }
  // What the fake does with every call of this credential; no text ends it.
  async steer(credential, text = '') {
    const answer = await fetch(`${this.fakeUrl}/__fake/accounts/${encodeURIComponent(credential)}`, { method: 'POST', body: text });
    if (!answer.ok) throw new Error(await answer.text());
  }
  // The config of this moment has reached every running node.
  synced() { return this.make.synced(); }

  // Redis decides on every running node: not before the quarantine of a Redis without a memory is over.
  async decided() {
    await eventually('Redis decides everywhere', async () => {
      for (const node of this.running) if (await node.metric('sluice_limits_local') !== 0) throw new Error(`${node.id} decides by its share`);
      return true;
    }, 40000);
  }

  // No request runs, nothing is on its way to the books, no slot is taken: on the running nodes, in the fake, in Redis.
  async waitIdle(limitMs = 60000) {
    await eventually('the fleet is idle', async () => {
      for (const node of this.running) {
        for (const name of ['sluice_open_requests', 'sluice_journal_records']) {
          const value = await node.metric(name);
          if (value !== 0) throw new Error(`${name} of ${node.id} is ${value}`);
        }
      }
      const { accounts } = await getJson(`${this.fakeUrl}/__fake/accounts`);
      const open = Object.values(accounts).reduce((sum, account) => sum + account.open, 0);
      if (open !== 0) throw new Error(`${open} requests are open upstream`);
      return true;
    }, limitMs);
  }

  async stop() {
    for (const node of this.nodes) {
      await node.kill();
      for (const link of Object.values(node.links ?? {})) await link.close();
    }
    await this.fake?.kill();
    for (const service of [this.redis, this.controlPlane, this.postgres]) {
      try { service.resume(); } catch { /* not running */ }
    }
    stopServices(this.state);
  }
}

const states = new Set();
function stopServices(state) {
  if (!states.delete(state)) return;
  try {
    execFileSync(path.join(root, 'deploy/local/stop'), [], { env: { ...process.env, SLUICE_STATE: state }, stdio: 'ignore' });
  } finally {
    if (!process.env.SLUICE_KEEP_STATE) fs.rmSync(state, { recursive: true, force: true });
  }
}
process.on('exit', () => { for (const state of [...states]) stopServices(state); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

function readVariables(file) {
  for (const [, name, value] of fs.readFileSync(file, 'utf8').matchAll(/^(?:export )?([A-Z_]+)=(.*)$/gm)) {
    process.env[name] = value.startsWith("'") ? value.slice(1, -1) : value.replace(/\\(.)/g, '$1');
  }
}

// nodes, workers: of each node; links: cut proxies to Redis and control plane; times, limits: sections of a node's config,
// such as { upstream_idle: '2s' }; drain: a node's window at SIGTERM; log: calls that the fake remembers.
export async function startFleet({ nodes = 3, workers = 1, links = false, times = {}, limits = {}, drain = '10s', log = 20000, fakeThreads = 1, seed = 1, redisCommand = '50ms', settled = false } = {}) {
  const state = fs.mkdtempSync('/tmp/sluice-fleet.');
  fs.chmodSync(state, 0o755);
  states.add(state);
  process.env.SLUICE_STATE = state;
  // Ports of our own, so that fleets that start at the same time do not meet.
  const chosen = await freePorts(5);
  fs.writeFileSync(path.join(state, 'ports'), ['GATEWAY', 'GATEWAY_ADMIN', 'CONTROL_HTTP', 'CONTROL_GRPC', 'FAKE'].map((name, i) => `${name}_PORT=${chosen[i]}\n`).join(''));
  console.log(`starting a fleet of ${nodes} in ${state}`);
  await run(path.join(root, 'deploy/local/start'), ['--no-build'], { env: process.env }).catch((error) => { throw new Error(error.stdout + error.stderr); });
  readVariables(path.join(state, 'ports'));
  readVariables(path.join(state, 'env'));
  // Its node and its fake, which asks for one credential only, give way to ours.
  await run(path.join(root, 'deploy/local/stop'), ['dataplane', 'fake'], { env: process.env });

  const fleet = new Fleet(state);
  fleet.fakeUrl = process.env.FAKE_URL;
  fleet.fake = await new Program({
    name: 'fake', argv: [programOf('tests/fakes/fake-anthropic'), '--listen', `127.0.0.1:${process.env.FAKE_PORT}`, '--threads', String(fakeThreads), '--log', String(log)],
    log: path.join(state, 'log/fake.log'), ready: () => answers(`${fleet.fakeUrl}/healthz`),
  }).start();
  const ports = [+process.env.GATEWAY_PORT, +process.env.GATEWAY_ADMIN_PORT, ...await freePorts((nodes - 1) * 2)];
  for (let i = 0; i < nodes; i++) fleet.nodes.push(await makeNode(state, ports, i, { workers, links, times, limits, drain, seed, redisCommand }));
  await Promise.all(fleet.nodes.map((node) => node.start()));
  // A Redis that is new to the fleet is in quarantine for 10 s: until then every node decides by its share.
  if (settled) await new Promise((resolve) => setTimeout(resolve, 11000));
  await fleet.decided();
  return fleet;
}
