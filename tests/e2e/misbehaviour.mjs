// Every way the fake upstream misbehaves, streaming and not: what exactly the client sees, and what is billed.
import { assert, checkBooks, events, eventually, main, message, post, priced, test, usageOf, usageSettled } from './lib.mjs';

const steer = (text) => priced(`fake:${text}`);
const names = (answer) => events(answer.text).map((event) => event.event);
const once = (all, name) => assert.equal(all.filter((event) => event === name).length, 1, `${name} exactly once in ${all}`);

// A stream that broke: one start, no end, one error event as the last one, a parser never sees a clean end.
function brokenStream(answer) {
  assert.equal(answer.status, 200);
  const all = names(answer);
  once(all, 'message_start');
  assert.ok(!all.includes('message_stop'), 'no invented end');
  once(all, 'error');
  assert.equal(all.at(-1), 'error');
  const error = events(answer.text).at(-1).data;
  assert.equal(error.type, 'error');
  assert.ok(error.error.message.length > 10);
}

function failed(answer, status) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(JSON.parse(answer.text).type, 'error');
}

async function row(model, outcome) {
  const [found] = await usageOf(model, 1);
  assert.equal(found.outcome, outcome);
  return found;
}

test('cut before the head: 502, nothing billed', async () => {
  for (const stream of [false, true]) {
    const model = await steer(`cut=before-headers,tokens=${stream ? 5 : 6}`);
    failed(await post(message(model, { stream })), 502);
    assert.equal((await row(model, 'OUTCOME_UPSTREAM_ERROR')).costUsd, '0');
  }
});

test('cut after the preamble and mid-content: an error event, never an end', async () => {
  const early = await steer('cut=after-preamble,tokens=20');
  const first = await post(message(early, { stream: true }));
  if (first.status === 200) brokenStream(first); else failed(first, 502);
  await row(early, 'OUTCOME_UPSTREAM_ERROR');
  const late = await steer('cut=mid-content,tokens=20');
  brokenStream(await post(message(late, { stream: true })));
  const billed = await row(late, 'OUTCOME_UPSTREAM_CUT');
  assert.equal(billed.usageState, 'USAGE_STATE_ESTIMATED');
});

test('cut inside an event: the half event is not passed on', async () => {
  const model = await steer('cut=mid-event,tokens=20');
  const answer = await post(message(model, { stream: true }));
  brokenStream(answer);  // every event before the error parses as JSON
  await row(model, 'OUTCOME_UPSTREAM_CUT');
});

test('garbage instead of an answer: 502', async () => {
  for (const stream of [false, true]) {
    const model = await steer(`garbage,tokens=${stream ? 5 : 6}`);
    const answer = await post(message(model, { stream }));
    failed(answer, 502);
    await row(model, 'OUTCOME_UPSTREAM_ERROR');
  }
});

test('an error event after content goes through and ends the stream', async () => {
  const model = await steer('error-event,after=3,tokens=20');
  const answer = await post(message(model, { stream: true }));
  assert.equal(answer.status, 200);
  const all = names(answer);
  once(all, 'error');
  assert.ok(!all.includes('message_stop'));
  assert.equal((await usageOf(model, 1)).length, 1);
});

test('errors of the upstream keep status, body and retry headers', async () => {
  const model = await steer('status=429,retry-after=2');
  const answer = await post(message(model));
  failed(answer, 429);
  assert.equal(answer.headers['retry-after'], '2');
  assert.ok(answer.headers['anthropic-ratelimit-requests-limit']);
  assert.equal(answer.headers['anthropic-organization-id'], undefined);
  // The only account of the group is left alone for as long as its upstream asked.
  const meanwhile = await post(message(await steer('tokens=4')));
  failed(meanwhile, 529);
  assert.ok(+meanwhile.headers['retry-after'] >= 1);
  await eventually('the account is asked again', async () => (await post(message(await steer('tokens=4')))).status === 200);
});

test('slow heads and slow tokens are waited for', async () => {
  const head = await steer('headers-delay=700ms,tokens=5');
  assert.equal((await post(message(head))).status, 200);
  const tokens = await steer('token-delay=40ms,tokens=20');
  const arrivals = [];
  const answer = await post(message(tokens, { stream: true }), { onData: () => arrivals.push(Date.now()) });
  assert.ok(answer.complete);
  assert.ok(arrivals.length >= 10, `only ${arrivals.length} arrivals: events were held back`);
  await row(tokens, 'OUTCOME_COMPLETE');
});

test('gzip that was not asked for is taken off', async () => {
  for (const stream of [false, true]) {
    const model = await steer(`gzip,tokens=${stream ? 6 : 5}`);
    const answer = await post(message(model, { stream }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-encoding'], undefined);
    if (stream) once(names(answer), 'message_stop'); else assert.equal(JSON.parse(answer.text).type, 'message');
    await row(model, 'OUTCOME_COMPLETE');
  }
});

test('an event of 4 MiB passes through whole', async () => {
  const model = await steer('huge-event=4MiB');
  const answer = await post(message(model, { stream: true }));
  assert.ok(answer.complete);
  assert.ok(answer.text.length > 4 * 1024 * 1024);
  once(names(answer), 'message_stop');
  await row(model, 'OUTCOME_COMPLETE');
});

test('a client that leaves mid-stream is billed by what was seen, its slot comes back', async () => {
  const model = await steer('token-delay=100ms,tokens=100,input=50');
  const answer = await post(message(model, { stream: true }), { onData: (out, call) => { if (out.text.includes('content_block_delta')) call.destroy(); } });
  assert.ok(!answer.complete);
  const seen = await row(model, 'OUTCOME_CLIENT_GONE');
  assert.ok(['USAGE_STATE_PARTIAL', 'USAGE_STATE_ESTIMATED'].includes(seen.usageState), seen.usageState);
  assert.ok(+seen.tokens.output >= 1);
  assert.equal(+seen.tokens.input, 50);
});

test('a client that closes right after the terminal event has succeeded', async () => {
  const model = await steer('tokens=7,input=3,output=7');
  await post(message(model, { stream: true }), { onData: (out, call) => { if (out.text.includes('message_stop')) call.destroy(); } });
  await row(model, 'OUTCOME_COMPLETE');
});

test('no usage in the answer is told apart from zero', async () => {
  const model = await steer('no-usage,tokens=5');
  assert.equal((await post(message(model))).status, 200);
  assert.equal((await row(model, 'OUTCOME_COMPLETE')).usageState, 'USAGE_STATE_ABSENT');
});

test('an answer of 200 parallel streams is never mixed up', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const answer = await post(message('claude-haiku-4-5', { stream: true, messages: [{ role: 'user', content: `number ${i}` }] }));
    return { answer, i };
  }));
  for (const { answer } of answers) {
    assert.equal(answer.status, 200, answer.text.slice(0, 200));
    once(names(answer), 'message_start');
    once(names(answer), 'message_stop');
  }
});

test('the ledger balances after all of this', async () => {
  await usageSettled();
  await checkBooks();
});

await main();
