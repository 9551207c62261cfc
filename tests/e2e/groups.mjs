// What a group says, seen by clients of the running system: who may use it, who pays and at which multiplier, what
// names mean, and which account serves which model.
import { problemOf, send, whole } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { admin, assert, eventually, main, test } from './lib.mjs';

const kModel = 'claude-haiku-4-5';
const kOther = 'claude-sonnet-4-5';
const fleet = await startFleet({ nodes: 2, workers: 1, settled: true });
const { make } = fleet;
const [{ url }, { url: otherUrl }] = fleet.nodes;
const post = (key, more = {}) => send({ url, key: key.secret, ...more });
const body = (model) => JSON.stringify({ model, max_tokens: 256, messages: [{ role: 'user', content: 'Hello.' }] });
const idOf = (answer) => answer.headers['x-sluice-request-id'];
const usageOf = (answer) => eventually('the usage is booked', async () => (await admin('GET', `/admin/v1/requests/${idOf(answer)}`)).usageEvent);
const grant = (user, group, fields = {}) => admin('PUT', `/admin/v1/group-grants/${user.id}/${group.id}`, fields);
const messageOf = (answer) => JSON.parse(answer.text).error.message;
const listed = async (key) => (await (await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key.secret, 'anthropic-version': '2023-06-01' } })).json()).data.map((row) => row.id);

test('an exclusive group is for those who were given it, and a key stops when that ends, on every node', async () => {
  const group = await make.group({ access: 'GROUP_ACCESS_EXCLUSIVE' });
  await make.account({ group });
  const user = await make.user();
  const refused = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: 'x' } }, { raw: true });
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.json.detail, /exclusive/);
  await grant(user, group);
  const key = await make.known(await make.key({ user, group }));
  assert.ok(whole(await post(key)));
  await admin('DELETE', `/admin/v1/group-grants/${user.id}/${group.id}`);
  for (const node of [url, otherUrl]) {
    await eventually('the key is refused', async () => (await send({ url: node, key: key.secret })).status === 403);
  }
  const answer = await post(key, { stream: true });
  assert.match(messageOf(answer), /not open to its user/);
  const disabled = await admin('PATCH', `/admin/v1/api-keys/${key.id}?updateMask=status`, { status: 'API_KEY_STATUS_DISABLED' });
  assert.equal(disabled.apiKey.status, 'API_KEY_STATUS_DISABLED', 'it can still be changed');
});

test('closing an open group stops the keys of those who were not given it', async () => {
  const one = await make.all();
  assert.ok(whole(await post(one.key)));
  await admin('PATCH', `/admin/v1/groups/${one.group.id}?updateMask=access`, { access: 'GROUP_ACCESS_EXCLUSIVE' });
  await eventually('the key is refused', async () => (await post(one.key)).status === 403);
});

test('a user\'s own multiplier stands in place of the group\'s', async () => {
  const one = await make.all({ group: { multiplier: '2' } });
  const before = await usageOf(await post(one.key));
  assert.equal(before.multiplier, '2');
  await grant(one.user, one.group, { multiplier: '0.5' });
  await make.synced();
  const after = await usageOf(await post(one.key));
  assert.equal(after.multiplier, '0.5');
  assert.ok(Math.abs(+after.costUsd * 4 - +before.costUsd) < 1e-8, `${after.costUsd} ${before.costUsd}`);
  await grant(one.user, one.group, { multiplier: '0' });
  await make.synced();
  assert.equal((await usageOf(await post(one.key))).costUsd, '0');
});

test('a group for subscribers needs a subscription, pays by it, and its own limits hold where the plan has none', async () => {
  const group = await make.group({ billing: 'GROUP_BILLING_SUBSCRIPTION', monthUsd: '0.05' });
  await make.account({ group });
  const user = await make.user({ balance: '7' });
  const key = await make.key({ user, group });
  await eventually('the node knows it and refuses it', async () => (await post(key)).status === 403);
  assert.match(messageOf(await post(key)), /needs a subscription/);
  const { subscriptionPlan } = await admin('POST', '/admin/v1/subscription-plans', { subscriptionPlan: { groupId: group.id, name: 'plan', days: 30 } });
  await admin('POST', '/admin/v1/subscriptions', { userIds: [user.id], planId: subscriptionPlan.id });
  const served = await eventually('it is served', async () => { const answer = await post(key); return answer.status === 200 && answer; });
  await usageOf(served);
  assert.equal((await admin('GET', `/admin/v1/users/${user.id}`)).user.balanceUsd, '7', 'the wallet is not touched');
  const limited = await eventually('the month is used up', async () => { const answer = await post(key, { text: 'x'.repeat(20000) }); return answer.status === 429 && answer; });
  assert.match(messageOf(limited), /subscription/);
});

test('an alias is served, priced and listed as what it stands for, and booked as what it was called', async () => {
  await make.price(kOther, { input: '30' });
  const one = await make.all({ group: { modelAliases: { 'our-best': kOther } }, key: { models: ['our-*'] } });
  assert.deepEqual(await listed(one.key), ['our-best']);
  const answer = await post(one.key, { body: body('our-best') });
  assert.ok(whole(answer), answer.text);
  const usage = await usageOf(answer);
  assert.equal(usage.requestedModel, 'our-best');
  assert.equal(usage.upstreamModel, kOther);
  const streamed = await post(one.key, { body: JSON.stringify({ ...JSON.parse(body('our-best')), stream: true }) });
  assert.equal(problemOf(streamed), null);
  assert.equal((await post(one.key, { body: body(kOther) })).status, 403, 'the key may use the alias alone');
  assert.equal((await post(one.key, { body: body('our-other') })).status, 404);
});

test('a model goes to the accounts of its route, also in a conversation that was elsewhere, and is never widened', async () => {
  await make.price(kOther);
  const one = await make.all({ accounts: [{ priority: 0 }, { priority: 5 }] });
  const [first, second] = one.accounts;
  const session = { metadata: { user_id: `user_${'a'.repeat(64)}_account__session_${'b'.repeat(8)}` } };
  const say = (model) => post(one.key, { body: JSON.stringify({ ...JSON.parse(body(model)), ...session }) });
  assert.equal((await usageOf(await say(kModel))).accountId, first.id);
  await admin('PATCH', `/admin/v1/groups/${one.group.id}?updateMask=model_routes`, { modelRoutes: [{ model: 'claude-haiku-*', accountIds: [second.id] }] });
  await make.synced();
  assert.equal((await usageOf(await say(kModel))).accountId, second.id);
  assert.equal((await usageOf(await post(one.key, { body: body(kOther) }))).accountId, first.id, 'other models go where they went');
  await admin('DELETE', `/admin/v1/accounts/${second.id}`);
  await make.synced();
  const nobody = await say(kModel);
  assert.equal(nobody.status, 404, 'the route has nobody left, which opens it to nobody');
});

test('the catalog shows a user what he may use, and nothing of others', async () => {
  await make.price(kModel);
  await make.price(kOther);
  const one = await make.all({ user: { multiplier: '2' }, group: { multiplier: '1.5', modelAliases: { 'my-model': kOther }, modelRoutes: [{ model: kModel, accountIds: [] }] }, accounts: [{ models: [kModel, kOther] }] });
  const hidden = await make.group({ access: 'GROUP_ACCESS_EXCLUSIVE' });
  const groups = async () => (await admin('GET', `/admin/v1/users/${one.user.id}/groups`)).groups;
  const mine = (await groups()).find((group) => group.id === one.group.id);
  assert.equal(mine.multiplier, '3');
  assert.ok(!(await groups()).some((group) => group.id === hidden.id));
  assert.equal((await admin('GET', `/admin/v1/users/${one.user.id}/groups/${hidden.id}/models`, undefined, { raw: true })).status, 404);
  await grant(one.user, hidden, { multiplier: '0.1' });
  assert.equal((await groups()).find((group) => group.id === hidden.id).multiplier, '0.2');
  const { models } = await admin('GET', `/admin/v1/users/${one.user.id}/groups/${one.group.id}/models`);
  assert.deepEqual(models.map((model) => [model.model, model.standsFor ?? '']), [[kOther, ''], ['my-model', kOther]]);
  assert.deepEqual(models.map((model) => model.model).sort(), (await listed(one.key)).sort(), 'the node lists the same');
});

test('a group takes accounts of its platforms alone', async () => {
  const group = await make.group({ platforms: ['openai'] });
  const refused = await make.account({ group }).catch((error) => error);
  assert.match(refused.message, /does not take accounts of anthropic/);
  const open = await make.group();
  await make.account({ group: open });
  const narrowed = await admin('PATCH', `/admin/v1/groups/${open.id}?updateMask=platforms`, { platforms: ['openai'] }, { raw: true });
  assert.equal(narrowed.status, 409, narrowed.text);
  assert.match(narrowed.json.detail, /take it out of the group first/);
});

await main();
