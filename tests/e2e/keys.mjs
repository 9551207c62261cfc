// Rules of API keys through the running system: networks, models, replacement, and how soon a disabled key ends.
import { send, sendAll, whole } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { admin, assert, eventually, main, test } from './lib.mjs';

const fleet = await startFleet({ nodes: 2, workers: 1 });
const { make } = fleet;
const [{ url }, other] = fleet.nodes;
const one = await make.all({});
const usable = async (key, where = url) => (await send({ url: where, key: key.secret })).status;

async function keyWith(fields) {
  const key = await make.key({ user: one.user, group: one.group, ...fields });
  await make.synced();
  return key;
}

test('a key works from its networks only', async () => {
  assert.equal(await usable(await keyWith({ allowNetworks: ['127.0.0.0/8'] })), 200);
  const elsewhere = await send({ url, key: (await keyWith({ allowNetworks: ['203.0.113.0/24'] })).secret });
  assert.equal(elsewhere.status, 403);
  assert.match(elsewhere.text, /"type":"permission_error".*address/);
  assert.equal(await usable(await keyWith({ denyNetworks: ['127.0.0.1/32'] })), 403);
  assert.equal(await usable(await keyWith({ allowNetworks: ['127.0.0.0/8'], denyNetworks: ['127.0.0.0/9'] })), 403);
  assert.equal(await usable(await keyWith({ denyNetworks: ['203.0.113.0/24'] })), 200);
});

test('what a client says of its address is not believed', async () => {
  const key = await keyWith({ allowNetworks: ['203.0.113.0/24'] });
  const said = await send({ url, key: key.secret, headers: { 'x-forwarded-for': '203.0.113.9' } });
  assert.equal(said.status, 403);
});

test('a key is used for its models only, and lists no others', async () => {
  const limited = await keyWith({ models: ['no-such-*'] });
  const refused = await send({ url, key: limited.secret });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /model/);
  const listed = async (key) => (await (await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key.secret, 'anthropic-version': '2023-06-01' } })).json()).data.map((row) => row.id);
  assert.deepEqual(await listed(limited), []);
  const all = await listed(one.key);
  assert.ok(all.length > 0);
  const first = await keyWith({ models: [`${all[0].slice(0, -1)}*`] });
  assert.ok((await listed(first)).includes(all[0]));
});

test('a replaced key works until its overlap ends, a new one at once', async () => {
  const old = await keyWith({});
  const rotate = (body) => admin('POST', `/admin/v1/api-keys/${old.id}/rotate`, body);
  const next = await rotate({ overlapSeconds: 3600 });
  await eventually('the new key works', async () => await usable(next) === 200 && await usable(next, other.url) === 200);
  assert.equal(await usable(old), 200, 'the old one still works');
  const last = await rotate({});
  await eventually('the newest key works', async () => await usable(last) === 200);
  await eventually('the one before ends', async () => await usable(next) === 401);
  assert.equal(await usable(old), 401, 'so does the first');
});

test('a key of one\'s own is taken', async () => {
  const secret = `brought-along-${process.pid}-0123456789`;
  await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: one.user.id, groupId: one.group.id, name: 'own' }, secret });
  await eventually('it works', async () => await usable({ secret }) === 200);
});

test('a disabled key ends on every node', async () => {
  const key = await keyWith({});
  await admin('PATCH', `/admin/v1/api-keys/${key.id}`, { status: 'API_KEY_STATUS_DISABLED' });
  const begun = Date.now();
  await eventually('it is refused everywhere', async () => {
    const answers = await sendAll(fleet.nodes.map((node) => ({ url: node.url, key: key.secret })));
    return answers.every((answer) => answer.status === 401);
  });
  console.log(`      ${Date.now() - begun} ms after the answer of the admin API`);
  assert.ok(whole(await send({ url, key: one.key.secret })), 'others go on');
});

await main();
