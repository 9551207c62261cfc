// Every misbehaviour of an upstream x stream or not x with another account or without: the exact bytes a client sees, who was
// asked, and what is billed. `matrix.mjs WORD` runs only the cases whose name contains WORD.
import http from 'node:http';
import { cutProxy } from '../support/cut_proxy.mjs';
import { problemOf, send } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { assert, checkBooks, events, eventually, main, test } from './lib.mjs';
import { cases } from './matrix_cases.mjs';
import { freePorts } from './process.mjs';

const kModel = 'claude-haiku-4-5';
const kPlain = 'pings=0,tokens=12';  // every answer, if nothing else is said
const fleet = await startFleet({ nodes: 1, times: { upstream_first_byte: '2s', upstream_idle: '1s', upstream_connect: '1s', total: '6s' }, limits: { answer: '16MiB' } });
await fleet.make.settings({ failover: { firstContentMs: 2500, attempts: 4 } });

const [closedPort] = await freePorts(1);
const refusing = (await cutProxy({ port: +process.env.FAKE_PORT })).refuse();
const good = await fleet.make.all({ accounts: [{ credential: 'sk-good' }] });
await fleet.steer('sk-good', kPlain);
const url = fleet.nodes[0].url;
const rows = new Map();

const nameOf = (one) => `${one.kind}: ${one.steer} (${one.stream ? 'stream' : 'whole'}, ${one.backup ? 'another account' : 'alone'})`;
const unnamed = (text) => text.replace(/(msg|req|toolu)_01[A-Za-z0-9]{22}/g, '$1_ID');
const realNames = (text) => events(text, { tolerant: true }).map((event) => event.event).filter((name) => name && name !== 'ping');
const textOf = (text) => events(text).filter((event) => event.data?.type === 'content_block_delta').map((event) => event.data.delta.text ?? event.data.delta.thinking ?? '').join('');

// What the fake says to this steering without a gateway: all of it, or as much as comes.
async function direct(one) {
  const agent = new http.Agent({ keepAlive: false });
  let timer;
  const answer = await send({ url: fleet.fakeUrl, key: 'sk-direct', model: kModel, stream: one.stream, agent, headers: { 'x-fake': `${kPlain},${one.steer}` }, timeoutMs: 3000,
    onData: (_, call) => { clearTimeout(timer); timer = setTimeout(() => call.destroy(), 600); } });
  clearTimeout(timer);
  return answer;
}

// Up to the end of the last whole event.
const wholeEvents = (text) => text.slice(0, Math.max(text.lastIndexOf('\n\n') + 2, text.lastIndexOf('\r\n\r\n') + 4, 0));

function isError(answer, status) {
  assert.equal(answer.status, status, answer.text.slice(0, 300));
  assert.ok(answer.complete, 'the error ended as announced');
  assert.match(answer.headers['content-type'], /^application\/json/);
  const body = JSON.parse(answer.text);
  assert.equal(body.type, 'error');
  assert.ok(body.error.type.length > 3 && body.error.message.length > 3);
}

// The whole answer that an account gives which does not misbehave.
async function isPlainAnswer(answer, stream) {
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assert.ok(answer.complete);
  const expected = await direct({ steer: kPlain, stream });
  assert.equal(unnamed(answer.text), unnamed(expected.text), 'the bytes of the other account, all of them and no others');
}

const checks = {
  async before(one, answer) {
    if (one.backup) return isPlainAnswer(answer, one.stream);
    isError(answer, one.alone);
    if (one.retryAfter) assert.equal(answer.headers['retry-after'], one.retryAfter);
  },

  async client(one, answer) {
    isError(answer, one.alone);
  },

  async empty(one, answer) {
    if (one.backup) return isPlainAnswer(answer, one.stream);
    assert.equal(answer.status, 200);
    assert.ok(answer.complete);
    assert.equal(unnamed(answer.text), unnamed((await direct(one)).text));
  },

  async harmless(one, answer) {
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    assert.ok(answer.complete);
    assert.equal(answer.headers['content-encoding'], undefined);
    const plain = await direct({ ...one, steer: one.steer.replace(/gzip|slice=\d|cut=mid-content|rst|stall,|at-event=99/g, '') });
    if (!one.stream) return assert.equal(unnamed(answer.text), unnamed(plain.text));
    assert.equal(problemOf(answer), null);
    assert.equal(textOf(answer.text), textOf(plain.text), 'all of the text, once');
    assert.equal(realNames(answer.text).at(-1), 'message_stop');
    if (/junk|double|late|pings/.test(one.steer)) return;
    assert.equal(unnamed(answer.text), unnamed(plain.text), 'byte for byte');
  },

  async after(one, answer) {
    assert.equal(answer.status, 200);
    assert.equal(problemOf(answer, { tolerant: one.steer.startsWith('garbage') }), null);
    const names = realNames(answer.text);
    const own = one.steer.startsWith('error-event');
    assert.ok(!names.includes('message_stop'), 'no invented end');
    const expected = await direct({ ...one, steer: one.steer.replace('gzip,', '') });
    if (one.steer.startsWith('huge')) return;  // an event half out: only a cut connection is true
    assert.ok(answer.complete, 'the stream ends as HTTP says');
    assert.equal(names.at(-1), 'error');
    assert.ok(names.includes('content_block_delta'));
    if (/garbage|junk|endless|double/.test(one.steer)) return;
    const prefix = own ? expected.text : wholeEvents(expected.text);
    const parts = [answer.text.slice(0, answer.text.lastIndexOf('event: error')), answer.text.slice(answer.text.lastIndexOf('event: error'))];
    const sent = own ? answer.text : parts[0];
    if (/rst|bad-chunk/.test(one.steer)) assert.ok(unnamed(prefix).startsWith(unnamed(sent)), 'what was sent is the beginning of what came');
    else assert.equal(unnamed(sent), unnamed(prefix), 'every whole event that came, nothing else');
    const [error] = events(parts[1]);
    assert.equal(error.data.type, 'error');
    assert.ok(error.data.error.message.length > 5);
  },
};

// Who was asked: `one.accounts` are [the bad one, the good one].
async function asked(one) {
  const { accounts } = await (await fetch(`${fleet.fakeUrl}/__fake/accounts`)).json();
  const [bad, other] = one.accounts.map((account) => accounts[account.credential]?.requests ?? 0);
  if (!one.dead) assert.ok(bad >= 1 && bad <= 2, `the account was asked ${bad} times`);
  if (one.backup) assert.equal(other, ['before', 'empty'].includes(one.kind) ? 1 : 0, 'calls of the other account');
}

function billed(one, row) {
  assert.ok(row, 'a usage row');
  const elsewhere = one.backup && ['before', 'empty'].includes(one.kind);
  const outcome = elsewhere || ['harmless', 'empty'].includes(one.kind) ? 'OUTCOME_COMPLETE' : one.kind === 'after' ? 'OUTCOME_UPSTREAM_CUT' : 'OUTCOME_UPSTREAM_ERROR';
  assert.equal(row.outcome, outcome);
  assert.ok(+row.costUsd >= 0);
  for (const [kind, count] of Object.entries(row.tokens ?? {})) assert.ok(+count >= 0 && +count < 1e9, `${count} tokens of ${kind}`);
  if (outcome === 'OUTCOME_UPSTREAM_ERROR') assert.equal(row.costUsd, '0');
  else assert.equal(row.accountId, one.accounts[elsewhere ? 1 : 0].id);
  if (elsewhere) assert.deepEqual([row.attempts, row.tokens.output], [2, '12']);
  if (one.kind === 'after') assert.ok(['USAGE_STATE_PARTIAL', 'USAGE_STATE_ESTIMATED'].includes(row.usageState) && +row.costUsd > 0, JSON.stringify(row));
}

async function prepare(one) {
  const { make } = fleet;
  const group = await make.group();
  const baseUrl = one.dead === 'closed' ? `http://127.0.0.1:${closedPort}` : one.dead ? `http://${refusing.address}` : fleet.fakeUrl;
  one.accounts = [await make.account({ group, priority: 0, baseUrl })];
  if (one.backup) one.accounts.push(await make.account({ group, priority: 1 }));
  if (!one.dead) await fleet.steer(one.accounts[0].credential, `${kPlain},${one.steer}`);
  if (one.backup) await fleet.steer(one.accounts[1].credential, kPlain);
  one.key = await make.key({ user: good.user, group });
}

const all = cases.flatMap((one) => [{ ...one, backup: true }, { ...one, backup: false }])
  .filter((one) => !process.argv[2] || nameOf(one).includes(process.argv[2]));
console.log(`preparing ${all.length} cases`);
for (const one of all) await prepare(one);
await fleet.make.synced();

// Failing over takes from a budget that ordinary traffic fills.
const ordinary = () => Promise.all(Array.from({ length: 6 }, () => send({ url, key: good.key.secret })));

for (const one of all) {
  test(nameOf(one), async () => {
    if (one.backup) await ordinary();
    one.answer = await send({ url, key: one.key.secret, model: kModel, stream: one.stream, timeoutMs: 20000 });
    assert.equal(one.answer.error === 'client time-out', false, 'there is an end');
    await checks[one.kind](one, one.answer);
    await asked(one);
  });
}

test('every case is booked once, and as it was', async () => {
  await fleet.waitIdle();
  for (const row of await fleet.usage()) {
    assert.ok(!rows.has(row.eventId), `twice: ${row.eventId}`);
    rows.set(row.eventId, row);
  }
  const wrong = [];
  for (const one of all.filter((done) => done.answer)) {
    try { billed(one, rows.get(one.answer.headers['x-sluice-request-id'])); } catch (error) { wrong.push(`${nameOf(one)}: ${error.message.split('\n').join(' ')}`); }
  }
  assert.deepEqual(wrong, []);
  await checkBooks();
});

test('a stream cut at any byte never ends cleanly and never starts twice', async () => {
  const one = { accounts: [] };
  await prepare(Object.assign(one, { steer: 'tokens=3', backup: false }));
  await fleet.make.known(one.key);
  const [account] = one.accounts;
  const size = 1500;
  let ended = 0;
  for (let at = 0; at < size; at += 9) {
    await fleet.steer(account.credential, `pings=1,tokens=3,token-delay=2ms,cut-at=${at}`);
    const answer = await send({ url, key: one.key.secret, model: kModel, stream: true });
    if (answer.status !== 200) { isError(answer, answer.status); continue; }
    assert.equal(problemOf(answer), null, `cut at ${at}`);
    ended += realNames(answer.text).at(-1) === 'message_stop';
  }
  assert.ok(ended > 0 && ended < 40, `${ended} of the cuts were behind the end`);
});

test('while an account is slow to fail, the client gets pings, then the other one\'s answer', async () => {
  await fleet.make.settings({ waiting: { firstKeepaliveMs: 200 }, keepaliveSeconds: 1 });
  for (const backup of [true, false]) {
    const one = { steer: 'headers-delay=900ms,status=529', backup };
    await prepare(one);
    await fleet.make.known(one.key);
    await ordinary();
    const answer = await send({ url, key: one.key.secret, model: kModel, stream: true });
    assert.equal(answer.status, 200);
    assert.ok(answer.complete);
    assert.ok(answer.text.startsWith('event: ping'), answer.text.slice(0, 100));
    assert.ok(answer.firstByteMs - answer.startMs < 800, `${answer.firstByteMs - answer.startMs} ms`);
    assert.equal(problemOf(answer), null);
    const names = realNames(answer.text);
    if (backup) assert.deepEqual([names[0], names.at(-1), names.filter((name) => name === 'content_block_delta').length], ['message_start', 'message_stop', 12]);
    else assert.deepEqual(names, ['error']);
  }
});

test('the fleet is idle and nothing is held in the end', async () => {
  await fleet.waitIdle();
  await eventually('every slot is free', async () => {
    for (const key of (await fleet.redis.cli('--scan', '--pattern', 'sluice:2:{f}:slots:*')).split('\n').filter(Boolean)) {
      if (+await fleet.redis.cli('zcard', key) !== 0) throw new Error(`${key} is not empty`);
    }
    return true;
  }, 30000);
  await checkBooks();
});

process.on('exit', () => refusing.cut());
process.argv.splice(2, 1);
await main();
