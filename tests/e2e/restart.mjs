// Parts that go away: the data plane serves from its sealed disk copy with the control plane down, also after its own
// restart; usage waits in the journal; SIGTERM drains. And no secret shows up in a log, an answer or a file it should not.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { admin, assert, checkBooks, env, events, eventually, list, main, message, post, priced, request, test, usageOf } from './lib.mjs';

const pidOf = (name) => +fs.readFileSync(path.join(env.STATE_DIR, 'run', `${name}.pid`), 'utf8');
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
const local = (...args) => execFileSync(path.join(process.env.SOURCE_DIR, 'deploy/local', args[0]), args.slice(1), { env: process.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const ready = () => eventually('the data plane is ready', async () => (await fetch(`${env.DATAPLANE_ADMIN_URL}/readyz`)).status === 200, 60000);

async function stop(name, signal = 'SIGTERM') {
  const pid = pidOf(name);
  process.kill(pid, signal);
  await eventually(`${name} ends`, async () => !alive(pid), 60000);
}

test('with the control plane down the data plane serves, also after its own restart; usage arrives later', async () => {
  const model = await priced('fake:tokens=9,input=9,output=9');
  await stop('controlplane');
  assert.equal((await post(message(model))).status, 200);
  await stop('dataplane');
  local('start', '--only', 'dataplane');
  await ready();
  assert.equal((await post(message(model))).status, 200);
  assert.equal((await post(message(model), { key: 'sk-unknown' })).status, 401);
  local('start');
  await usageOf(model, 2);
  await checkBooks();
});

test('SIGTERM drains: the running stream ends whole, new connections are refused, nothing is lost', async () => {
  const model = await priced('fake:token-delay=50ms,tokens=40,input=4,output=40');
  const running = post(message(model, { stream: true }));
  await eventually('the stream runs', async () => (await metric('sluice_open_requests')) >= 1);
  const pid = pidOf('dataplane');
  process.kill(pid, 'SIGTERM');
  const answer = await running;
  assert.ok(answer.complete);
  assert.equal(events(answer.text).at(-1).event, 'message_stop');
  await eventually('the data plane ends', async () => !alive(pid), 60000);
  assert.ok((await request('GET', '/v1/models')).error, 'nobody listens any more');
  local('start');
  await usageOf(model, 1);
});

async function metric(name) {
  const text = await (await fetch(`${env.DATAPLANE_ADMIN_URL}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#')).reduce((sum, line) => sum + +line.split(' ').at(-1), 0);
}

test('start again doubles nothing', async () => {
  const count = async () => Promise.all([['users', 'users'], ['groups', 'groups'], ['accounts', 'accounts'], ['api-keys', 'apiKeys'], ['prices', 'prices']]
    .map(async ([where, field]) => (await list(`/admin/v1/${where}`, field)).length));
  const before = await count();
  local('start');
  assert.deepEqual(await count(), before);
});

test('no secret is in a log, an admin answer or the database dump', async () => {
  const secrets = [env.GATEWAY_KEY, env.ADMIN_TOKEN, process.env.UPSTREAM_SECRET, ...fs.readdirSync(path.join(env.STATE_DIR, 'secrets')).map((file) => fs.readFileSync(path.join(env.STATE_DIR, 'secrets', file), 'utf8').trim())].filter((s) => s && s.length >= 12);
  assert.ok(secrets.length >= 5, 'there are secrets to look for');
  const texts = {};
  for (const file of fs.readdirSync(path.join(env.STATE_DIR, 'log'))) texts[`log/${file}`] = fs.readFileSync(path.join(env.STATE_DIR, 'log', file), 'utf8');
  for (const where of ['users', 'groups', 'accounts', 'api-keys', 'prices', 'nodes', 'usage-events', 'admin-tokens', 'settings']) {
    texts[where] = (await admin('GET', `/admin/v1/${where}`, undefined, { raw: true })).text;
  }
  texts.dump = execFileSync(process.env.PG_DUMP, ['--data-only', '-d', process.env.DATABASE], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const kept = fs.readdirSync(path.join(env.STATE_DIR, 'dataplane')).filter((f) => f.includes('snapshot'));
  assert.ok(kept.length > 0, 'the data plane keeps its config on disk');
  for (const file of kept) {
    texts[`snapshot ${file}`] = fs.readFileSync(path.join(env.STATE_DIR, 'dataplane', file), 'latin1');
  }
  for (const [where, text] of Object.entries(texts)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in ${where}`);
  }
});

await main();
