// Input that must be refused: in the caller's error shape with a request id, nothing forwarded, nothing billed.
import { admin, anthropicHeaders, assert, env, eventually, list, main, message, post, priced, raw, request, test, usageSettled } from './lib.mjs';

const model = 'claude-sonnet-4-5';
const upstreamRequests = async () => (await (await fetch(`${env.FAKE_URL}/__fake/stats`)).json()).requests;
const rows = async () => (await list('/admin/v1/usage-events', 'usageEvents')).length;

function refused(answer, status, type) {
  assert.equal(answer.status, status, answer.text);
  const body = JSON.parse(answer.text);
  assert.equal(body.type, 'error');
  if (type) assert.equal(body.error.type, type);
  assert.ok(body.error.message.length > 5, 'a message a person can act on');
  assert.ok(body.request_id, 'a request id in the body');
  assert.ok(answer.headers['request-id'], 'a request id in the head');
  return body;
}

// Runs `act` and asserts that nothing reached the upstream.
async function nothingForwarded(act) {
  const before = await upstreamRequests();
  await act();
  assert.equal(await upstreamRequests(), before, 'something was forwarded');
}

test('an unknown key: 401, final', () => nothingForwarded(async () => {
  for (const key of ['sk-no-such-key', `${env.GATEWAY_KEY}x`, env.GATEWAY_KEY.slice(0, -1), "' OR 1=1 --", 'x'.repeat(4000)]) {
    const answer = await post(message(model), { key });
    refused(answer, 401, 'authentication_error');
    assert.equal(answer.headers['x-should-retry'], 'false');
  }
  refused(await post(message(model), { key: null }), 401, 'authentication_error');
}));

test('broken, empty and odd JSON: 400', () => nothingForwarded(async () => {
  for (const body of ['', '{', 'null', '[]', '"x"', '{"model":"a"', '{"model":"a"} trailing', '{"model":\'a\'}',
    JSON.stringify(message(model)).replace('}', ',}'), '['.repeat(100000), `{"a":${'['.repeat(200)}${']'.repeat(200)}}`]) {
    refused(await post(body), 400, 'invalid_request_error');
  }
  refused(await post(Buffer.from([0x7b, 0x22, 0x6d, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])), 400, 'invalid_request_error');
}));

test('repeated, escaped or wrongly typed deciding keys: 400', () => nothingForwarded(async () => {
  const rest = '"messages":[{"role":"user","content":"x"}]';
  for (const body of [
    `{"model":"${model}","model":"${model}","max_tokens":5,${rest}}`,
    `{"mod\\u0065l":"${model}","max_tokens":5,${rest}}`,
    `{"model":"${model}","max_tokens":5,"stream":true,"stream":false,${rest}}`,
    `{"model":"${model}","max_tokens":5,"\\u0073tream":true,${rest}}`,
    `{"model":"${model}","max_tokens":5,"max\\u005ftokens":6,${rest}}`,
    `{"model":"${model}","max_tokens":"5",${rest}}`, `{"model":"${model}","max_tokens":-5,${rest}}`,
    `{"model":"${model}","max_tokens":5.5,${rest}}`, `{"model":["${model}"],"max_tokens":5,${rest}}`,
    `{"model":"${model}","max_tokens":5,"stream":"true",${rest}}`, `{"max_tokens":5,${rest}}`,
  ]) refused(await post(body), 400, 'invalid_request_error');
}));

test('an unknown model: 404, final', () => nothingForwarded(async () => {
  const answer = await post(message('no-such-model'));
  assert.match(refused(answer, 404, 'not_found_error').error.message, /no-such-model/);
  assert.equal(answer.headers['x-should-retry'], 'false');
}));

test('a missing or wrong content type: 415', () => nothingForwarded(async () => {
  refused(await request('POST', '/v1/messages', { body: JSON.stringify(message(model)) }), 415);
  refused(await post(message(model), { headers: { 'content-type': 'text/plain' } }), 415);
}));

test('unknown path 404, wrong method 405 with Allow, WebSocket upgrades are not taken', () => nothingForwarded(async () => {
  refused(await request('GET', '/v1/nothing'), 404, 'not_found_error');
  assert.match(await raw('GET /v1/messages/../admin HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 400 /);
  const wrong = await request('GET', '/v1/messages');
  refused(wrong, 405);
  assert.equal(wrong.headers.allow, 'POST');
  assert.equal((await request('HEAD', '/')).status, 404);
}));

test('a body over the limit: 413 before it is read', () => nothingForwarded(async () => {
  const head = `POST /v1/messages HTTP/1.1\r\nHost: a\r\nx-api-key: ${env.GATEWAY_KEY}\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n`;
  const answer = await raw(head);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /request_too_large/);
}));

test('slow headers: 408 and close', () => nothingForwarded(async () => {
  const answer = await raw('POST /v1/messages HTTP/1.1\r\nHost: a\r\n', { timeoutMs: 40000 });
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.match(answer, /"type":"error"/);
}));

test('a refusal by the HTTP layer has the error shape too', () => nothingForwarded(async () => {
  const answer = await raw('POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /"invalid_request_error"/);
  assert.match(answer, /"request_id"/);
}));

async function demo() {
  const users = await list('/admin/v1/users', 'users');
  const groups = await list('/admin/v1/groups', 'groups');
  return { user: users.find((u) => u.displayName.toLowerCase().includes('demo')), group: groups[0] };
}

test('a disabled user is refused at once, and served again when enabled', async () => {
  const { group } = await demo();
  const { user } = await admin('POST', '/admin/v1/users', { user: { email: `gone-${Date.now()}@example.test`, displayName: 'gone' } });
  await admin('POST', `/admin/v1/users/${user.id}/adjustments`, { amountUsd: '1', reason: 'test', externalId: `gone-${user.id}` });
  const created = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: 'gone' } });
  await eventually('the new key works', async () => (await post(message(model), { key: created.secret })).status === 200);
  await admin('PATCH', `/admin/v1/users/${user.id}?updateMask=status`, { status: 'USER_STATUS_DISABLED' });
  await eventually('the disabled user is refused', async () => (await post(message(model), { key: created.secret })).status === 403);
  refused(await post(message(model), { key: created.secret }), 403, 'permission_error');
  await admin('PATCH', `/admin/v1/users/${user.id}?updateMask=status`, { status: 'USER_STATUS_ACTIVE' });
  await eventually('the user is served again', async () => (await post(message(model), { key: created.secret })).status === 200);
  await admin('DELETE', `/admin/v1/api-keys/${created.apiKey.id}`);
  await eventually('the deleted key is refused', async () => (await post(message(model), { key: created.secret })).status === 401);
});

test('no balance: 402, final, until money is added', async () => {
  const { group } = await demo();
  const { user } = await admin('POST', '/admin/v1/users', { user: { email: `broke-${Date.now()}@example.test`, displayName: 'broke' } });
  const created = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: 'broke' } });
  await eventually('the key is known', async () => (await post(message(model), { key: created.secret })).status === 402);
  const answer = await post(message(model), { key: created.secret });
  refused(answer, 402, 'billing_error');
  assert.equal(answer.headers['x-should-retry'], 'false');
  const add = (amountUsd, why) => admin('POST', `/admin/v1/users/${user.id}/adjustments`, { amountUsd, reason: 'test', externalId: `${why}-${user.id}` });
  await add('0.000001', 'little');
  refused(await post(message(model), { key: created.secret }), 402, 'billing_error');  // less than the request may cost
  await add('0.01', 'enough');
  await eventually('enough money lets one in', async () => (await post(message(model), { key: created.secret })).status === 200);
  await eventually('and in the end it is used up, never overdrawn', async () => (await post(message(model), { key: created.secret })).status === 402, 60000);
  const { user: broke } = await admin('GET', `/admin/v1/users/${user.id}`);
  assert.ok(+broke.balanceUsd >= 0, `overdrawn: ${broke.balanceUsd}`);
});

test('nothing of the refused was billed', async () => {
  await usageSettled();
  const before = await rows();
  await post('{', {});
  await post(message('no-such-model'));
  await post(message(model), { key: 'sk-no' });
  assert.equal((await post(message(await priced(model)), { headers: anthropicHeaders })).status, 200);
  await eventually('exactly one row more', async () => (await rows()) === before + 1);
});

await main();
