// The official Anthropic SDK against the running system, and what the books say of each request.
import { createRequire } from 'node:module';
import path from 'node:path';
import { admin, assert, checkBooks, env, eventually, list, main, priced, request, test, usageOf, usageSettled } from './lib.mjs';

const require = createRequire(path.join(process.env.SDK_DIR, 'x.js'));
const { default: Anthropic } = await import(require.resolve('@anthropic-ai/sdk'));
const client = (options = {}) => new Anthropic({ apiKey: env.GATEWAY_KEY, baseURL: env.GATEWAY_URL, maxRetries: 0, ...options });
const ask = (model, extra = {}) => ({ model, max_tokens: 512, messages: [{ role: 'user', content: 'Explain leases in two sentences.' }], ...extra });
const steer = (text) => priced(`fake:${text}`);
const tools = [{ name: 'get_weather', description: 'Weather of a city', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }];

// nano-USD by the formula of docs/billing.md at the prices that lib.mjs sets; exact for these numbers.
const cost = (u) => (BigInt(u.input) * 3000n + BigInt(u.output) * 15000n + BigInt(u.cacheRead ?? 0) * 300n
  + BigInt(u.cache5m ?? 0) * 3750n + BigInt(u.cache1h ?? 0) * 6000n);
const nano = (usd) => {
  const [whole, fraction = ''] = usd.split('.');
  return BigInt(whole) * 1000000000n + BigInt(fraction.padEnd(9, '0') || '0');
};

async function oneRow(model, usage) {
  const [row] = await usageOf(model, 1);
  assert.equal(row.outcome, 'OUTCOME_COMPLETE');
  assert.equal(row.usageState, 'USAGE_STATE_REPORTED');
  assert.equal(+row.tokens.input, usage.input);
  assert.equal(+row.tokens.output, usage.output);
  assert.equal(+(row.tokens.cacheRead ?? 0), usage.cacheRead ?? 0);
  assert.equal(+(row.tokens.cacheWrite5m ?? 0), usage.cache5m ?? 0);
  assert.equal(+(row.tokens.cacheWrite1h ?? 0), usage.cache1h ?? 0);
  assert.equal(nano(row.costUsd), cost(usage));
  const entries = (await list(`/admin/v1/users/${row.userId}/ledger-entries`, 'ledgerEntries')).filter((entry) => entry.transactionId === row.eventId);
  assert.equal(entries.length, 1, 'one ledger transaction for one event');
  assert.equal(nanoSigned(entries[0].amountUsd), -cost(usage), 'the wallet paid exactly what the event cost');
  return row;
}
const nanoSigned = (usd) => (usd.startsWith('-') ? -nano(usd.slice(1)) : nano(usd));

test('a whole answer: text, usage of every kind, one row, balanced lines', async () => {
  const usage = { input: 1203, output: 457, cacheRead: 8888, cache5m: 321, cache1h: 654 };
  const model = await steer('input=1203,output=457,cache-read=8888,cache-5m=321,cache-1h=654');
  const { data, response } = await client().messages.create(ask(model)).withResponse();
  assert.equal(data.type, 'message');
  assert.ok(data.content[0].text.length > 0);
  assert.equal(data.usage.cache_creation.ephemeral_1h_input_tokens, 654);
  assert.ok(response.headers.get('request-id'));
  assert.ok(response.headers.get('x-sluice-request-id'));
  const row = await oneRow(model, usage);
  assert.equal(row.eventId, response.headers.get('x-sluice-request-id'));
  assert.equal(row.upstreamStatus, 200);
  assert.equal(row.upstreamRequestId, response.headers.get('request-id'));
  assert.ok(+row.firstByteUs > 0);
  assert.equal(row.streaming ?? false, false);
});

test('a stream: the helper assembles it, one row, balanced lines', async () => {
  const model = await steer('input=700,output=90,cache-read=50,cache-5m=20');
  const stream = client().messages.stream(ask(model));
  const final = await stream.finalMessage();
  assert.equal(final.usage.output_tokens, 90);
  assert.equal(final.stop_reason, 'end_turn');
  const row = await oneRow(model, { input: 700, output: 90, cacheRead: 50, cache5m: 20 });
  assert.equal(row.streaming, true);
  assert.ok(row.rawUsage.includes('"output_tokens":90'));
});

test('thinking and its signature pass through a stream', async () => {
  const model = await steer('thinking,input=10,output=20');
  const final = await client().messages.stream(ask(model)).finalMessage();
  const thinking = final.content.find((block) => block.type === 'thinking');
  assert.ok(thinking.thinking.length > 0 && thinking.signature.length > 0);
  await oneRow(model, { input: 10, output: 20 });
});

test('a tool call and the second turn', async () => {
  const model = await steer('tool,input=11,output=22');
  const first = await client().messages.stream(ask(model, { tools })).finalMessage();
  assert.equal(first.stop_reason, 'tool_use');
  const use = first.content.find((block) => block.type === 'tool_use');
  assert.ok(use.id && use.name === 'get_weather' && typeof use.input === 'object');
  const second = await client().messages.create(ask(model, {
    tools,
    messages: [...ask(model).messages, { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'sunny' }] }],
  }));
  assert.equal(second.stop_reason, 'end_turn');
  await usageOf(model, 2);
});

test('errors come as the SDK\'s own classes with the upstream\'s status', async () => {
  for (const [status, type] of [[429, 'rate_limit_error'], [529, 'overloaded_error'], [500, 'api_error'], [404, 'not_found_error']]) {
    const model = await steer(`status=${status}`);
    const error = await client().messages.create(ask(model)).then(() => null, (e) => e);
    assert.ok(error, `${status} did not raise`);
    assert.equal(error.status, status);
    assert.equal(error.error.error.type, type);
    const [row] = await usageOf(model, 1);
    assert.equal(row.outcome, 'OUTCOME_UPSTREAM_ERROR');
    assert.equal(nano(row.costUsd), 0n);
  }
});

test('a refused upstream credential is never shown as the client\'s own', async () => {
  for (const status of [401, 403]) {
    const model = await steer(`status=${status}`);
    const error = await client().messages.create(ask(model)).then(() => null, (e) => e);
    assert.equal(error.status, 502);
    assert.match(error.error.error.message, /operator/);
  }
});

test('count_tokens is answered and costs nothing', async () => {
  const model = await steer('input=1,output=1');
  await usageSettled();
  const before = (await list('/admin/v1/usage-events', 'usageEvents')).length;
  const counted = await client().messages.countTokens({ model: 'claude-sonnet-4-5', messages: ask('x').messages });
  assert.ok(counted.input_tokens > 0);
  await client().messages.create(ask(model));
  await usageOf(model, 1);
  assert.equal((await list('/admin/v1/usage-events', 'usageEvents')).length, before + 1);
});

test('models are listed in the vendor\'s shape', async () => {
  const ids = [];
  for await (const model of client().models.list()) {
    assert.equal(model.type, 'model');
    ids.push(model.id);
  }
  assert.ok(ids.includes('claude-sonnet-4-5'));
});

test('both ways to present the key work, and neither reaches the upstream', async () => {
  const model = await steer('input=2,output=2');
  const bearer = await request('POST', '/v1/messages', {
    key: null, headers: { authorization: `Bearer ${env.GATEWAY_KEY}`, 'content-type': 'application/json', 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-1,b-2' },
    body: JSON.stringify(ask(model)),
  });
  assert.equal(bearer.status, 200);
  const log = await (await fetch(`${env.FAKE_URL}/__fake/log`)).text();
  assert.ok(!log.includes(env.GATEWAY_KEY), 'the client\'s key reached the upstream');
  assert.ok(log.includes('2026-10-21') && log.includes('a-1,b-2'), 'anthropic-* headers did not reach the upstream');
});

test('the user\'s slots bound concurrency, the queue is bounded, and slots come back', async () => {
  const [user] = await list('/admin/v1/users', 'users').then((users) => users.filter((u) => u.displayName.toLowerCase().includes('demo')));
  await admin('PATCH', `/admin/v1/users/${user.id}?updateMask=concurrency`, { concurrency: 2 });
  await admin('PATCH', '/admin/v1/settings?updateMask=waiting', { waiting: { perUser: 1 } });
  try {
    const model = await steer('tokens=30,token-delay=50ms');
    await eventually('two run, the third waits and is served, the fourth is refused', async () => {
      const running = [0, 1, 2, 3].map(() => client().messages.create({ ...ask(model), stream: true }).then(
        async (stream) => { for await (const _ of stream); return 200; }, (error) => error));
      const results = await Promise.all(running);
      const refused = results.filter((result) => result?.status === 429);
      assert.ok(results.filter((result) => result === 200).length >= 3);
      if (refused.length !== 1) return false;
      assert.match(refused[0].error.error.message, /user_concurrency: all 2 concurrent requests/);
      assert.ok(refused[0].headers.get('retry-after'));
      return true;
    });
    const again = client().messages.stream(ask(model));
    assert.equal((await again.finalMessage()).stop_reason, 'end_turn');
  } finally {
    await admin('PATCH', `/admin/v1/users/${user.id}?updateMask=concurrency`, { concurrency: user.concurrency ?? 0 });
    await admin('PATCH', '/admin/v1/settings?updateMask=waiting', { waiting: {} });
  }
});

test('the ledger balances after all of this', checkBooks);

await main();
