// Limits are exact over a fleet: 1,000 parallel requests on three nodes, and what the upstream saw. The fake counts how many
// requests of a user, a key (tags in the body) and an account (its credential) are open at once: a peak above the
// limit is over-admission, and there is none. SLUICE_PARALLEL sets the number of requests.
import { load, problemOf, send, sendAll, whole } from '../e2e/clients.mjs';
import { startFleet } from '../e2e/fleet.mjs';
import { assert, checkBooks, eventually, main, sleep, test } from '../e2e/lib.mjs';

const kParallel = +(process.env.SLUICE_PARALLEL ?? 1000);
const kSlow = 'tokens=6,token-delay=8ms,pings=0';  // about 50 ms each
const fleet = await startFleet({ settled: true, redisCommand: '2s', nodes: 3, workers: 2 });
const { make } = fleet;
const spread = (i) => fleet.nodes[i % fleet.nodes.length].url;
const tags = (...names) => names.map((name) => `#tag:${name}#`).join(' ');

// `count` requests, streams and whole answers by turns, over all nodes; `who(i)` gives { key, text }.
const volley = (count, who) => sendAll(Array.from({ length: count }, (_, i) => ({ url: spread(i), stream: i % 2 === 0, ...who(i) })));

function tally(answers) {
  const counts = {};
  for (const answer of answers) {
    const name = answer.error ?? answer.status;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

// Every answer is a whole one or an honest refusal; gives the whole ones.
function honest(answers) {
  for (const answer of answers) {
    assert.equal(answer.error, null);
    assert.ok(answer.complete);
    if (answer.status === 200) {
      assert.ok(whole(answer), answer.text.slice(-300));
      if (answer.stream) assert.equal(problemOf(answer), null);
      continue;
    }
    assert.ok([402, 429, 529].includes(answer.status), `${answer.status} ${answer.text}`);
    const { error } = JSON.parse(answer.text);
    if (answer.status === 529) assert.match(error.message, /busy/);
    else assert.match(error.message, /\d/, `a refusal names the limit and its value: ${error.message}`);
    if (answer.status !== 402 && !/budget/.test(error.message)) assert.ok(+answer.headers['retry-after'] >= 1, `retry-after of ${answer.status}: ${answer.headers['retry-after']}`);
  }
  return answers.filter((answer) => answer.status === 200);
}

// Runs a volley on fresh books; afterwards the fake has completed what clients have seen.
async function measured(count, who) {
  await fleet.waitIdle();
  await fleet.resetBooks();
  const begun = Date.now();
  const answers = await volley(count, who);
  const seen = honest(answers);
  await fleet.waitIdle();
  const books = await fleet.books();
  const completed = Object.values(books.accounts).reduce((sum, account) => sum + account.completed, 0);
  console.log(`      ${count} requests in ${Date.now() - begun} ms: ${JSON.stringify(tally(answers))}; peaks: ` +
    [...Object.entries(books.tags), ...Object.entries(books.accounts)].map(([name, one]) => `${name} ${one.peakOpen}`).join(', '));
  assert.equal(completed, seen.length, 'the upstream completed what clients saw');
  return { answers, seen, ...books };
}

const kLongQueues = { waiting: { perUser: 5000, perAccount: 5000, limitMs: 120000 } };
const kUsualQueues = { waiting: { perUser: 20, perAccount: 100, limitMs: 30000 } };
await make.price('claude-haiku-4-5');
const steered = async (accounts) => { for (const account of accounts) await fleet.steer(account.credential, kSlow); };

test('concurrency of a user: exact, and nothing is left lying', async () => {
  await make.settings(kLongQueues);
  const one = await make.all({ user: { concurrency: 17 } });
  await steered(one.accounts);
  const { seen, tags: peaks } = await measured(kParallel, () => ({ key: one.key.secret, text: tags('u') }));
  assert.equal(seen.length, kParallel, 'everybody was served in turn');
  assert.equal(peaks.u.peakOpen, 17);
});

test('concurrency of keys, below that of their user', async () => {
  await make.settings(kLongQueues);
  const one = await make.all({ user: { concurrency: 10 }, key: { concurrency: 4 } });
  const second = await make.known(await make.key({ user: one.user, group: one.group, concurrency: 9 }));
  await steered(one.accounts);
  const keys = [one.key, second];
  const { seen, tags: peaks } = await measured(kParallel / 2, (i) => ({ key: keys[i % 2].secret, text: tags('u', `k${i % 2}`) }));
  assert.equal(seen.length, kParallel / 2);
  assert.ok(peaks.u.peakOpen <= 10 && peaks.k0.peakOpen <= 4 && peaks.k1.peakOpen <= 9);
  assert.ok(peaks.u.peakOpen >= 9 && peaks.k0.peakOpen === 4, 'the slots were used');
});

test('concurrency of accounts, all of them used', async () => {
  await make.settings(kLongQueues);
  const limits = [3, 8, 14];
  const one = await make.all({ user: { concurrency: 5000 }, accounts: limits.map((concurrency) => ({ concurrency })) });
  await steered(one.accounts);
  const { seen, accounts } = await measured(kParallel, () => ({ key: one.key.secret }));
  assert.equal(seen.length, kParallel);
  assert.deepEqual(one.accounts.map((account) => accounts[account.credential].peakOpen), limits);
});

test('users, keys and accounts at once', async () => {
  await make.settings(kLongQueues);
  const group = await make.group();
  const limits = [5, 11];
  const accounts = [];
  for (const concurrency of limits) accounts.push(await make.account({ group, concurrency }));
  const users = await Promise.all([3, 6, 12].map((concurrency) => make.user({ concurrency })));
  const keys = [];
  for (const user of users) for (const concurrency of [2, 5]) keys.push(await make.key({ user, group, concurrency }));
  await make.known(keys.at(-1));
  await steered(accounts);
  const { seen, tags: peaks, accounts: counts } = await measured(kParallel, (i) => ({ key: keys[i % 6].secret, text: tags(`u${Math.floor((i % 6) / 2)}`, `k${i % 6}`) }));
  assert.equal(seen.length, kParallel);
  [3, 6, 12].forEach((limit, i) => assert.ok(peaks[`u${i}`].peakOpen <= limit, `user ${i}: ${peaks[`u${i}`].peakOpen}`));
  [2, 5, 2, 5, 2, 5].forEach((limit, i) => assert.ok(peaks[`k${i}`].peakOpen <= limit, `key ${i}: ${peaks[`k${i}`].peakOpen}`));
  limits.forEach((limit, i) => assert.ok(counts[accounts[i].credential].peakOpen <= limit));
});

test('a short queue refuses the rest, and says why', async () => {
  await make.settings(kUsualQueues);
  const one = await make.all({ user: { concurrency: 8 } });
  await steered(one.accounts);
  const { answers, seen, tags: peaks } = await measured(kParallel, () => ({ key: one.key.secret, text: tags('u') }));
  assert.ok(peaks.u.peakOpen <= 8);
  assert.ok(seen.length >= 28, 'eight run and twenty wait at least');
  const refused = answers.find((answer) => answer.status === 429);
  assert.match(JSON.parse(refused.text).error.message, /user_concurrency.*8|8.*user_concurrency|concurren/);
  assert.equal(JSON.parse(refused.text).error.type, 'rate_limit_error');
});

for (const [name, fields, perRequest] of [['requests', { requestsPerMinute: 120 }, 1], ['tokens', { tokensPerMinute: 30000 }, 0]]) {
  for (const scope of ['user', 'key']) {
    test(`${name} per minute of a ${scope}: exact`, async () => {
      const one = await make.all({ user: { concurrency: 5000, ...(scope === 'user' ? fields : {}) }, key: scope === 'key' ? fields : {} });
      const begun = Date.now();
      const { seen, answers } = await measured(kParallel / 2, () => ({ key: one.key.secret, text: 'x'.repeat(400) }));
      const seconds = (Date.now() - begun) / 1000;
      assert.ok(answers.length > seen.length, 'the limit was met');
      if (perRequest) {
        // A minute's worth at once, and what has grown since.
        assert.ok(seen.length >= 120 && seen.length <= 120 + Math.ceil(seconds * 2) + 1, `${seen.length} of 120 in ${seconds} s`);
      } else {
        // Used tokens are corrected at the end of each request, so more than one estimate's worth may pass.
        const used = (await fleet.usage(`?apiKeyId=${one.key.id}`)).reduce((sum, row) => sum + +row.tokens.input + +row.tokens.output, 0);
        assert.ok(used <= 30000 + seconds * 500 + 1000, `${used} tokens`);
      }
    });
  }
}

// What one request with this text costs: the fake counts a token per 4 bytes, and says how many it has written.
const kText = 'y'.repeat(4000);
const kCost = (1000 * 1 + 6 * 5) / 1e6;

test('a balance is spent to the end and never below zero', async () => {
  const one = await make.all({ user: { concurrency: 5000, balance: '0.5' } });
  await steered(one.accounts);
  const balance = async () => +(await fleet.admin('GET', `/admin/v1/users/${one.user.id}/balance`)).balanceUsd;
  let lowest = Infinity;
  let watching = true;
  const watch = (async () => { while (watching) { lowest = Math.min(lowest, await balance()); await sleep(20); } })();
  const { seen } = await measured(kParallel, () => ({ key: one.key.secret, text: kText }));
  const run = load(6, (i) => ({ url: spread(i), key: one.key.secret, text: kText, stream: i % 2 === 0 }));
  await eventually('the balance is used up', () => run.answers.filter((answer) => answer.status === 402).length > 50, 60000);
  const rest = honest(await run.stop());
  watching = false;
  await watch;
  await fleet.waitIdle();
  const rows = await fleet.usage(`?apiKeyId=${one.key.id}`);
  assert.equal(rows.length, seen.length + rest.length);
  const spent = rows.reduce((sum, row) => sum + +row.costUsd, 0);
  for (const row of rows) assert.ok(Math.abs(+row.costUsd - kCost) < 2e-5, `a request costs ${row.costUsd}`);
  const left = await balance();
  console.log(`      ${rows.length} requests spent ${spent.toFixed(6)}, ${left} left, lowest seen ${lowest}`);
  assert.ok(Math.abs(spent + left - 0.5) < 1e-9, 'nothing is lost and nothing invented');
  assert.ok(left >= 0 && lowest >= 0, 'never below zero');
  assert.ok(left < 0.02, 'what is left does not pay for one more hold');
});

test('a key\'s budget of the day holds over the fleet', async () => {
  const one = await make.all({ user: { concurrency: 5000 }, key: { budgets: [{ window: 'API_KEY_BUDGET_WINDOW_DAY', limitUsd: '0.25' }] } });
  await steered(one.accounts);
  const { answers } = await measured(kParallel, () => ({ key: one.key.secret, text: kText }));
  assert.ok(answers.some((answer) => answer.status === 429));
  // What nodes tell of their holds may count a hold too many until the next heartbeat, never one too few.
  let served = answers.filter((answer) => answer.status === 200).length;
  let i = 0;
  await eventually('the budget is used up', async () => {
    const answer = await send({ url: spread(i++), key: one.key.secret, text: kText });
    if (answer.status === 200) served++;
    return served * kCost > 0.2;
  }, 30000);
  for (let more = 0; more < 40; more++) await send({ url: spread(more), key: one.key.secret, text: kText });
  await fleet.waitIdle();
  const spent = (await fleet.usage(`?apiKeyId=${one.key.id}`)).reduce((sum, row) => sum + +row.costUsd, 0);
  const [budget] = (await fleet.admin('GET', `/admin/v1/api-keys/${one.key.id}`)).apiKey.budgets;
  console.log(`      spent ${spent.toFixed(6)} of 0.25`);
  assert.ok(spent <= 0.25 && spent > 0.2, `${spent}`);
  assert.ok(Math.abs(+budget.spentUsd - spent) < 1e-9);
});

test('the queue is first come, first served over all nodes, and wakes at once', async () => {
  await make.settings(kLongQueues);
  const one = await make.all({ user: { concurrency: 1 } });
  await fleet.steer(one.accounts[0].credential, 'tokens=4,token-delay=30ms,pings=0');
  await fleet.resetBooks();
  const running = [];
  for (let i = 0; i < 30; i++) {
    running.push(send({ url: spread(i), key: one.key.secret, stream: true, text: tags(`n${String(i).padStart(2, '0')}`) }));
    await sleep(40);
  }
  assert.equal(honest(await Promise.all(running)).length, 30, 'everybody was served in turn');
  const { calls } = await fleet.books();
  assert.deepEqual(calls.map((call) => call.tags[0]), calls.map((call) => call.tags[0]).sort(), 'in the order of arrival');
  const gaps = calls.slice(1).map((call, i) => call.startMs - calls[i].endMs);
  console.log(`      ms from one end to the next start: ${[...gaps].sort((a, b) => a - b)[gaps.length >> 1]} median, ${Math.max(...gaps)} at most`);
  assert.ok(gaps.every((gap) => gap >= 0), 'never two at once');
  assert.ok(gaps.filter((gap) => gap > 2000).length === 0, 'a waiter was forgotten until the next heartbeat');
});

test('who leaves the queue frees the place and is never sent on', async () => {
  const one = await make.all({ user: { concurrency: 1 } });
  await fleet.steer(one.accounts[0].credential, 'tokens=5,token-delay=100ms,pings=0');
  await fleet.resetBooks();
  const ask = (i, name, timeoutMs) => send({ url: spread(i), key: one.key.secret, stream: i % 2 === 0, text: tags(name), timeoutMs });
  const first = ask(0, 'first');
  await sleep(100);
  const leaving = Array.from({ length: 12 }, (_, i) => ask(i, 'left', 150));
  const last = ask(1, 'last');
  await Promise.all(leaving);
  assert.ok(whole(await first) && whole(await last));
  const { tags: seen } = await fleet.books();
  assert.equal(seen.left, undefined, 'somebody who had left was sent upstream');
  assert.equal(seen.last.completed, 1);
});

test('the books balance, no slot is taken, no money is held', async () => {
  await fleet.waitIdle();
  await checkBooks();
  await eventually('nothing is held in Redis', async () => {
    for (const key of (await fleet.redis.cli('--scan', '--pattern', 'sluice:2:{f}:*')).split('\n')) {
      if (/:slots:|:queue:/.test(key) && +await fleet.redis.cli('zcard', key) > 0) throw new Error(`${key} is not empty`);
      if (/:purse:/.test(key) && +(await fleet.redis.cli('hget', key, 'total') || 0) !== 0) throw new Error(`${key} holds ${await fleet.redis.cli('hgetall', key)}`);
    }
    return true;
  }, 60000);
});

await main();
