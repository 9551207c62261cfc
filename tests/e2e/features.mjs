// What operators configure, seen by clients of the running system: local replies, mappings, pause rules, limits of one model,
// egress proxies, stickiness, waiting, fail-over, money that runs out, clients that leave, and why it went as it went.
import { egressProxy } from '../support/egress_proxy.mjs';
import { problemOf, send, sendAll, whole } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { admin, assert, events, eventually, main, sleep, test } from './lib.mjs';

const kModel = 'claude-haiku-4-5';
const fleet = await startFleet({ nodes: 1, workers: 1, settled: true, redisCommand: '2s' });
const { make } = fleet;
const [{ url }] = fleet.nodes;
const post = (one, more = {}) => send({ url, key: one.key.secret, ...more });
const idOf = (answer) => answer.headers['x-sluice-request-id'];
const body = (more) => JSON.stringify({ model: kModel, max_tokens: 256, messages: [{ role: 'user', content: 'Hello.' }], ...more });

const decisionOf = async (answer) => (await admin('GET', `/admin/v1/requests/${idOf(answer)}`)).decision;
const usageOf = (answer) => eventually('the usage is booked', async () => (await admin('GET', `/admin/v1/requests/${idOf(answer)}`)).usageEvent);
const servedBy = async (answer) => (await usageOf(answer)).accountId;
const active = async (account) => ((await admin('GET', `/admin/v1/accounts/${account.id}/health`)).health ?? []).filter((row) => row.active);

test('an operator\'s local reply is given without an upstream, marked, and free', async () => {
  const one = await make.all({});
  await make.settings({ localReplies: [{ name: 'warm-up', groupIds: [one.group.id], textEquals: 'warm "up"', reply: 'Ready, "as" ever.' }] });
  const plain = await post(one, { text: 'warm "up"' });
  assert.equal(plain.status, 200);
  assert.equal(plain.headers['x-sluice-local-reply'], 'warm-up');
  const message = JSON.parse(plain.text);
  assert.equal(message.content[0].text, 'Ready, "as" ever.');
  assert.equal(message.stop_reason, 'end_turn');
  const streamed = await post(one, { text: 'warm "up"', stream: true });
  assert.equal(problemOf(streamed), null);
  assert.equal(streamed.headers['x-sluice-local-reply'], 'warm-up');
  assert.match(streamed.text, /Ready, \\"as\\" ever\./);
  const other = await post(one, { text: 'warm up' });
  assert.equal(other.headers['x-sluice-local-reply'], undefined);
  await usageOf(other);
  const rows = await fleet.usage(`?apiKeyId=${one.key.id}`);
  assert.deepEqual(rows.map((row) => row.eventId), [idOf(other)], 'only the upstream\'s answer is booked');
  await make.settings({ localReplies: [] });
});

test('a mapped model name is spliced in, and nothing else changes', async () => {
  const one = await make.all({ accounts: [{ modelMapping: { [kModel]: 'claude-sonnet-4-5' } }] });
  const answer = await post(one, { body: `{"max_tokens": 64,  "unknown":[1.50, 1e3], "model" : "${kModel}","messages":[{"role":"user","content":"x"}]}` });
  assert.ok(whole(answer), answer.text);
  const usage = await usageOf(answer);
  assert.equal(usage.requestedModel, kModel);
  assert.equal(usage.upstreamModel, 'claude-sonnet-4-5');
});

test('a pause rule takes an account out, and another one goes on', async () => {
  const one = await make.all({ accounts: [{ priority: 0, pauseRules: [{ status: 418, keywords: ['tea time'], minutes: 7 }] }, { priority: 1 }] });
  const [first, second] = one.accounts;
  await fleet.steer(first.credential, 'status=418,message=it is Tea Time');
  const moved = await post(one);
  assert.equal(moved.status, 200, moved.text);
  assert.equal(await servedBy(moved), second.id);
  await fleet.steer(first.credential, '');
  const [paused] = await eventually('it is shown', async () => { const rows = await active(first); return rows.length > 0 && rows; });
  assert.equal(paused.reason, 'HEALTH_REASON_PAUSED_BY_RULE');
  const minutes = (new Date(paused.until) - Date.now()) / 60000;
  assert.ok(minutes > 5 && minutes <= 7, `${minutes} minutes`);
  const next = await post(one);
  assert.equal(await servedBy(next), second.id);
  const decision = await decisionOf(next);
  assert.match(decision?.candidates.find((candidate) => candidate.accountId === first.id)?.skipped ?? '', /^paused_by_rule until/);
});

test('a limit of one model leaves the others alone', async () => {
  const other = 'claude-sonnet-4-5';
  await make.price('claude-opus-4-1');
  const one = await make.all({ accounts: [{}] });
  const [account] = one.accounts;
  await fleet.steer(account.credential, 'status=429,header=anthropic-ratelimit-unified-7d_opus-status:rejected,header=anthropic-ratelimit-unified-7d_opus-reset:{unix+600}');
  await post(one, { body: body({ model: 'claude-opus-4-1' }) });
  await fleet.steer(account.credential, '');
  await fleet.resetBooks();
  const refused = await post(one, { body: body({ model: 'claude-opus-4-1' }) });
  assert.equal(refused.status, 529);
  assert.ok(+refused.headers['retry-after'] > 0);
  assert.equal((await fleet.books()).accounts[account.credential]?.requests ?? 0, 0, 'nobody asked it');
  assert.ok(whole(await post(one, { body: body({ model: other }) })));
});

test('a rate-limited account is left alone until it says so', async () => {
  const one = await make.all({ accounts: [{ priority: 0 }, { priority: 1 }] });
  const [first, second] = one.accounts;
  await fleet.steer(first.credential, 'status=429,retry-after=120');
  const answer = await post(one, { stream: true });
  assert.equal(problemOf(answer), null);
  assert.equal(await servedBy(answer), second.id);
  await fleet.resetBooks();
  assert.ok((await sendAll(Array.from({ length: 10 }, () => ({ url, key: one.key.secret })))).every(whole));
  const { accounts } = await fleet.books();
  assert.equal(accounts[first.credential]?.requests ?? 0, 0, 'nobody asked it');
});

test('a refused credential is replaced while the request waits', async () => {
  const one = await make.all({ accounts: [{}] });
  const [account] = one.accounts;
  await fleet.steer(account.credential, 'status=401');
  const waiting = post(one);
  await eventually('it was refused', async () => ((await fleet.books()).accounts[account.credential]?.requests ?? 0) > 0);
  await admin('PUT', `/admin/v1/accounts/${account.id}/credential`, { kind: 'ACCOUNT_CREDENTIAL_KIND_API_KEY', secret: `${account.credential}-new` });
  const answer = await waiting;
  assert.ok(whole(answer), `${answer.status} ${answer.text}`);
  assert.equal((await fleet.books()).accounts[`${account.credential}-new`]?.requests, 1, 'the new one was shown upstream');
});

test('accounts go out through their proxies, the next one where one is dead', async () => {
  const connect = await egressProxy({ kind: 'connect', username: 'out', password: 'p:w' });
  const socks = await egressProxy({ kind: 'socks5', username: 'out', password: 'p:w' });
  const proxy = async (fields) => (await admin('POST', '/admin/v1/egress-proxies', { egressProxy: { name: `p-${fields.url}`, ...fields } })).egressProxy.id;
  const good = { username: 'out', password: 'p:w' };
  for (const [used, scheme] of [[connect, 'http'], [socks, 'socks5h']]) {
    const dead = await proxy({ url: `${scheme}://127.0.0.1:1`, ...good });
    const live = await proxy({ url: `${scheme}://127.0.0.1:${used.port}`, ...good });
    const byName = fleet.fakeUrl.replace('127.0.0.1', 'localhost');
    const one = await make.all({ accounts: [{ baseUrl: byName, egressProxyIds: [dead, live] }] });
    const before = used.targets.length;
    const answer = await post(one, { stream: true });
    assert.equal(problemOf(answer), null, `${answer.status} ${answer.text}`);
    assert.equal(used.targets.length, before + 1);
    assert.equal(used.targets.at(-1), new URL(byName).host, 'the proxy is given the name, not an address');
    const wrong = await proxy({ url: `${scheme}://127.0.0.1:${used.port}`, username: 'out', password: 'wrong-secret' });
    const two = await make.all({ accounts: [{ egressProxyIds: [wrong] }] });
    const refused = await post(two);
    assert.ok(refused.status >= 500, `${refused.status}`);
    assert.doesNotMatch(refused.text, /wrong-secret|127\.0\.0\.1/);
  }
  await connect.close();
  await socks.close();
});

test('a conversation stays with its account, until that one is blocked', async () => {
  const one = await make.all({ accounts: [{}, {}, {}, {}] });
  const metadata = { user_id: `user_${'a'.repeat(64)}_account__session_0b8ef9ac-6a17-4a5a-8a4b-4c4b1d6a0b11` };
  const turns = [];
  for (let i = 0; i < 6; ++i) turns.push(await servedBy(await post(one, { body: body({ metadata, messages: [{ role: 'user', content: `turn ${i}` }] }) })));
  assert.equal(new Set(turns).size, 1, 'one account');
  const own = one.accounts.find((account) => account.id === turns[0]);
  await fleet.steer(own.credential, 'status=429,retry-after=300');
  const moved = await post(one, { body: body({ metadata }) });
  assert.ok(whole(moved));
  assert.notEqual(await servedBy(moved), own.id);
});

test('who waits hears keepalives, is counted once, and is told why it went as it went', async () => {
  await make.settings({ waiting: { perUser: 20, perAccount: 100, limitMs: 30000, firstKeepaliveMs: 300 }, keepaliveSeconds: 1, decisionSamplePpm: 1000000 });
  const one = await make.all({ user: { concurrency: 1 } });
  await fleet.steer(one.accounts[0].credential, 'tokens=5,token-delay=400ms,pings=0');
  const first = post(one, { stream: true });
  await eventually('it runs', async () => await fleet.nodes[0].metric('sluice_open_requests') === 1);
  const second = await post(one, { stream: true, text: 'another conversation' });
  assert.ok(whole(await first));
  assert.match(second.text, /^event: ping\ndata: \{"type": ?"ping"\}\n\n/, 'the first thing it hears');
  assert.equal(problemOf(second), null);
  const decision = await eventually('it is kept', () => decisionOf(second));
  assert.equal(decision.outcome, 'served');
  assert.deepEqual(decision.waits.map((wait) => [wait.scope, wait.ended]), [['user', 'granted']]);
  assert.ok(+decision.waits[0].waitedUs > 100000);
  assert.equal(decision.attempts.length, 1);
  assert.equal(decision.attempts[0].accountId, one.accounts[0].id);
  assert.equal(decision.attempts[0].chosenBy, 'only_candidate');
  assert.equal(decision.attempts[0].status, 200);
  assert.ok(+(await usageOf(second)).waitUs > 100000);
  await make.settings({ waiting: {}, keepaliveSeconds: 0, decisionSamplePpm: 0 });
});

test('an account without content in time is given up for another', async () => {
  await make.settings({ failover: { firstContentMs: 500, attempts: 3 } });
  const one = await make.all({ accounts: [{ priority: 0 }, { priority: 1 }] });
  await fleet.steer(one.accounts[0].credential, 'first-delay=30s');
  const answer = await post(one, { stream: true });
  assert.equal(problemOf(answer), null);
  assert.equal(events(answer.text).filter((event) => event.event === 'message_start').length, 1);
  assert.equal(await servedBy(answer), one.accounts[1].id);
  await make.settings({ failover: {} });
});

test('refusals name limit, value and when to come again', async () => {
  const rated = await make.all({ user: { requestsPerMinute: 2 } });
  await post(rated);
  await post(rated);
  const third = await post(rated);
  assert.equal(third.status, 429);
  assert.equal(JSON.parse(third.text).error.type, 'rate_limit_error');
  assert.match(third.text, /limit of 2 a minute/);
  assert.ok(+third.headers['retry-after'] >= 1 && +third.headers['retry-after'] <= 60);
  const poor = await make.all({ user: { balance: '0' } });
  const refused = await post(poor);
  assert.equal(refused.status, 402);
  assert.match(refused.text, /balance/);
  const why = await eventually('the refusal is explained', () => decisionOf(refused));
  assert.equal(why.outcome, 'wallet');
});

test('money that runs out ends a stream with an error event, and the wallet within its bound', async () => {
  const one = await make.all({ user: { balance: '0.05' } });
  await fleet.steer(one.accounts[0].credential, 'tokens=20000,pings=0,token-delay=0ms');
  const answer = await post(one, { stream: true, body: body({ stream: true, max_tokens: 60000 }) });
  assert.equal(answer.status, 200);
  const last = events(answer.text).at(-1);
  assert.equal(last.event, 'error');
  assert.match(last.data.error.message, /balance/);
  assert.ok(!/message_stop/.test(answer.text), 'no end is invented');
  const usage = await usageOf(answer);
  assert.equal(usage.outcome, 'OUTCOME_GATEWAY_ENDED');
  const { user } = await admin('GET', `/admin/v1/users/${one.user.id}`);
  assert.ok(+user.balanceUsd >= -0.002, `balance ${user.balanceUsd}`);
});

test('a client that leaves: the upstream is ended, or read to its end, as the group says', async () => {
  for (const [policy, outcome, whole_] of [['CANCEL', 'OUTCOME_CLIENT_GONE', false], ['DRAIN', undefined, true]]) {
    const one = await make.all({ group: { interruptionPolicy: `GROUP_INTERRUPTION_POLICY_${policy}` } });
    await fleet.steer(one.accounts[0].credential, 'tokens=40,token-delay=50ms,pings=0');
    let id;
    await post(one, { stream: true, agent: undefined, onData: (answer, call) => { id ??= answer.headers['x-sluice-request-id']; if (answer.text.split('content_block_delta').length > 30) call.destroy(); } });
    const usage = await usageOf({ headers: { 'x-sluice-request-id': id } });
    if (outcome) assert.equal(usage.outcome, outcome);
    if (whole_) assert.equal(+usage.tokens.output, 40, `${policy}: all is billed`);
    else assert.ok(+usage.tokens.output < 40, `${policy}: what was seen is billed`);
    if (!whole_) assert.equal(usage.usageState, 'USAGE_STATE_ESTIMATED');
  }
});

await main();
