// One whole system in a state folder of its own, as deploy/local/start makes it: the main one, which tests/bench/run has
// started, or a further one.
import fs from 'node:fs';
import path from 'node:path';
import { exec, root } from './lib.mjs';
import { eventually } from '../e2e/lib.mjs';

const price = { provider: 'anthropic', effectiveAt: '2025-01-01T00:00:00Z', input: '3', output: '15', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', perRequest: '0' };

export class System {
  constructor(state) {
    this.state = state;
    const shown = fs.readFileSync(path.join(state, 'env'), 'utf8').matchAll(/^export (\w+)=(.*)$/gm);
    this.env = Object.fromEntries([...shown].map(([, name, value]) => [name, value.replace(/\\(.)/g, '$1')]));
    this.target = { name: 'sluice', port: +new URL(this.env.GATEWAY_URL).port, pids: [this.pid('dataplane')] };
  }

  static async start(state) {
    fs.mkdirSync(state, { recursive: true, mode: 0o755 });
    fs.chmodSync(state, 0o755);
    await exec(path.join(root, 'deploy/local/start'), ['--no-build'], { env: { ...process.env, SLUICE_STATE: state, SLUICE_WORKERS: '1' }, maxBuffer: 1 << 24 });
    const system = new System(state);
    await system.decided();
    return system;
  }
  async stop() {
    await exec(path.join(root, 'deploy/local/stop'), [], { env: { ...process.env, SLUICE_STATE: this.state } });
    fs.rmSync(this.state, { recursive: true, force: true });
  }

  pid(name) { return +fs.readFileSync(path.join(this.state, 'run', `${name}.pid`), 'utf8'); }
  secret(name) { return fs.readFileSync(path.join(this.state, 'secrets', name), 'utf8').trim(); }

  async api(method, where, json) {
    const answer = await fetch(this.env.ADMIN_URL + where, {
      method, headers: { authorization: `Bearer ${this.env.ADMIN_TOKEN}`, ...(json ? { 'content-type': 'application/json' } : {}) }, body: json && JSON.stringify(json),
    });
    if (!answer.ok) throw new Error(`${method} ${where} -> ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  // Gives a model a price and waits until the gateway serves it.
  async priced(model) {
    const { prices = [] } = await this.api('GET', '/admin/v1/prices?pageSize=500');
    if (!prices.some((known) => known.model === model)) await this.api('POST', '/admin/v1/prices', { price: { model, displayName: model, ...price } });
    await eventually(`the gateway serves ${model}`, async () => {
      const { data } = await (await this.asClient('/v1/models?limit=1000', this.env.GATEWAY_KEY)).json();
      return data.some((one) => one.id === model);
    });
    return model;
  }
  asClient(where, key) { return fetch(this.env.GATEWAY_URL + where, { headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' } }); }
  knows(key, limitMs = 60000) {
    return eventually('the node knows the key', async () => {
      const answer = await this.asClient('/v1/models', key);
      await answer.arrayBuffer();
      return answer.status === 200;
    }, limitMs);
  }

  async redis(...words) { return (await exec('redis-cli', ['-s', path.join(this.state, 'run/redis.sock'), ...words.map(String)], { maxBuffer: 1 << 26 })).stdout.trim(); }
  // The sum of a node's metric over its labels.
  async metric(name) {
    const text = await (await fetch(`${this.env.DATAPLANE_ADMIN_URL}/metrics`)).text();
    const found = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return found.reduce((sum, line) => sum + +line.slice(line.lastIndexOf(' ') + 1), 0);
  }
  async upstreamRequests() { return (await (await fetch(`${this.env.FAKE_URL}/__fake/stats`)).json()).requests; }
  // Redis decides, not the node's share: not before the quarantine of a Redis without a memory is over.
  decided() { return eventually('Redis decides', async () => await this.metric('sluice_limits_local') === 0, 60000); }
  // All usage is in the books, so that the next measure does not pay for the last.
  settled() { return eventually('all usage has been reported', async () => await this.metric('sluice_journal_records') === 0, 120000); }
}
