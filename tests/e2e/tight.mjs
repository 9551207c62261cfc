// A node with tiny limits, seen by clients: memory of bodies, connections, the whole time of a request, the time to
// commit, and the bytes that go upstream.
import { send, whole } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { assert, env, eventually, events, main, raw, sleep, test } from './lib.mjs';

const kModel = 'claude-haiku-4-5';
const fleet = await startFleet({ nodes: 1, workers: 1, limits: { bodies: '1MiB', connections: 30 }, times: { total: '3s', idle: '1s', body: '3s' } });
const { make } = fleet;
const [{ url }] = fleet.nodes;
const errorOf = (answer) => JSON.parse(answer.text).error;
const books = async (account) => (await fleet.books()).accounts[account.credential]?.requests ?? 0;

test('bodies that would not fit in memory together are refused, and taken again once there is room', async () => {
  const one = await make.all();
  const [account] = one.accounts;
  await fleet.steer(account.credential, 'hang');
  const big = { url, key: one.key.secret, text: 'x'.repeat(700_000) };
  const held = send(big);
  await eventually('the first one is upstream', async () => (await books(account)) === 1);
  const refused = await send(big);
  assert.equal(refused.status, 529, refused.text);
  assert.equal(errorOf(refused).type, 'overloaded_error');
  assert.ok(+refused.headers['retry-after'] >= 1);
  assert.equal(await books(account), 1, 'nobody asked the upstream');
  assert.equal((await held).status, 504, 'the whole time of the first one is over');
  await fleet.steer(account.credential, '');
  assert.ok(whole(await send(big)));
});

test('more connections than the limit are closed, and those that are open go on', async () => {
  const one = await make.all();
  await sleep(1200); // idle ones of the cases before are closed by now
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${one.key.secret}\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{`;
  const answers = await Promise.all(Array.from({ length: 40 }, () => raw(head, { url })));
  const served = answers.filter((text) => text.startsWith('HTTP/1.1 408'));
  const closed = answers.filter((text) => text === '');
  assert.equal(served.length + closed.length, 40, 'they are told that their body did not come, or nothing at all');
  assert.ok(served.length >= 20 && served.length <= 30, `${served.length} were open`);
  assert.ok(whole(await send({ url, key: one.key.secret, agent: false })), 'there is room again');
});

test('a stream that outlives the whole time ends with an error event, and never cleanly', async () => {
  const one = await make.all();
  await fleet.steer(one.accounts[0].credential, 'token-delay=200ms,tokens=60');
  const answer = await send({ url, key: one.key.secret, stream: true });
  assert.equal(answer.status, 200);
  const seen = events(answer.text).map((event) => event.event);
  assert.equal(seen.filter((event) => event === 'message_start').length, 1);
  assert.ok(!seen.includes('message_stop'), 'no clean end is invented');
  assert.equal(seen.at(-1), 'error', answer.text.slice(-300));
});

test('the time to commit is one for all attempts together', async () => {
  const one = await make.all({ accounts: [{ priority: 0 }, { priority: 1 }] });
  for (const account of one.accounts) await fleet.steer(account.credential, 'hang');
  await make.settings({ failover: { deadlineMs: 1000 } });
  const answer = await send({ url, key: one.key.secret, agent: false });
  assert.equal(answer.status, 504, answer.text);
  assert.equal((await books(one.accounts[0])) + (await books(one.accounts[1])), 1, 'there was no time for a second one');
  await make.settings({ failover: {} });
});

test('the body goes upstream byte by byte, but for the mapped name', async () => {
  const one = await make.all({ accounts: [{ modelMapping: { [kModel]: 'claude-sonnet-4-5' } }] });
  const plain = await make.all();
  const body = (model) => `{"max_tokens": 64,\t"unknown" :[1.50, 1e3, -0.0, 12345678901234567890],\n "text":"\\u00e4\\ud83d\\ude00 é","model" : "${model}","messages":[{"role":"user","content":"x"}] }`;
  await fetch(`${env.FAKE_URL}/__fake/reset?log=4`, { method: 'POST' });
  const answers = [await send({ url, key: one.key.secret, body: body(kModel) }), await send({ url, key: plain.key.secret, body: body(kModel) })];
  for (const answer of answers) assert.ok(whole(answer), answer.text);
  const log = await (await fetch(`${env.FAKE_URL}/__fake/log`)).json();
  assert.deepEqual((log.requests ?? log).map((request) => request.body), [body('claude-sonnet-4-5'), body(kModel)]);
});

await main();
