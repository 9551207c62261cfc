// Rounds of chaos under load on three nodes, and after each of them every invariant of billing: I1-I6 and I8-I12 of
// docs/billing.md and what stands behind them. One fault a round, then rounds with two. SLUICE_CHAOS_ROUNDS and SLUICE_SEED
// choose how many and which.
import { random } from '../support/cut_proxy.mjs';
import { load, problemOf, whole } from '../e2e/clients.mjs';
import { startFleet } from '../e2e/fleet.mjs';
import { assert, checkBooks, eventually, main, sleep, test } from '../e2e/lib.mjs';
import { checkCalls, checkClients, checkMoney, checkNothingHeld, exactCost } from './invariant_checks.mjs';

const seed = +(process.env.SLUICE_SEED ?? 1);
const chance = random(seed);
const pick = (all) => all[Math.floor(chance() * all.length)];
const fleet = await startFleet({ nodes: 3, workers: 2, links: true, log: 200000, seed, times: { upstream_idle: '2s', upstream_first_byte: '4s' } });
const { make } = fleet;
await make.settings({ waiting: { perUser: 30, perAccount: 100, limitMs: 5000 }, failover: { attempts: 3 } });
const victim = () => pick(fleet.nodes);
const links = (name) => fleet.nodes.map((node) => node.links[name]);

// kills: whether requests may die with a node, so that their number upstream is known only within bounds.
const faults = {
  'nothing': { async run() { await sleep(1500); } },
  'kill of a node': { kills: true, async run() { const node = victim(); await node.kill(); await sleep(1500); await node.start(); } },
  'kill of two nodes': { kills: true, async run() { for (const node of fleet.nodes.slice(1)) await node.kill(); await sleep(1000); for (const node of fleet.nodes.slice(1)) await node.start(); } },
  'a frozen node': { async run() { const node = victim().pause(); await sleep(6000); node.resume(); } },
  'Redis cut off from one node': { async run() { const link = pick(links('redis')).blackhole(); await sleep(7000); link.heal(); } },
  'Redis links that break': { async run() { for (const link of links('redis')) link.cutRandomly(40000); await sleep(5000); for (const link of links('redis')) link.heal(); } },
  'Redis wiped': { async run() { await fleet.redis.flushall(); await sleep(3000); } },
  'Redis rolled back': { async run() { await fleet.redis.save(); await sleep(1500); await fleet.redis.rollBack(); await sleep(3000); } },
  'Redis frozen': { async run() { fleet.redis.pause(); await sleep(5000); fleet.redis.resume(); } },
  'Redis killed': { async run() { await fleet.redis.kill(); await sleep(1500); await fleet.redis.start(); await sleep(3000); } },
  'control plane down': { async run() { await fleet.controlPlane.kill(); await sleep(4000); await fleet.controlPlane.start(); } },
  'control plane cut off': { async run() { for (const link of links('controlPlane')) link.blackhole(); await sleep(4000); for (const link of links('controlPlane')) link.cut().heal(); } },
  'PostgreSQL killed': { async run() { await fleet.postgres.kill(); await sleep(1500); await fleet.postgres.start(); } },
};

// What accounts do while a round lasts: the first fails now and then, the second does not.
const moods = ['', '', 'status=529', 'status=500', 'cut=mid-content,after=3', 'error-event,at-event=1', 'cut=before-headers', 'empty', 'cut=clean,after=4'];

async function prepare() {
  const group = await make.group();
  const flaky = await make.account({ group, priority: 0 });
  const steady = await make.account({ group, priority: 1 });
  const rich = await make.user({ balance: '100', concurrency: 24 });
  const poor = await make.user({ balance: '0.05', concurrency: 24 });
  const keys = [
    await make.key({ user: rich, group }),
    await make.key({ user: rich, group, concurrency: 6, budgets: [{ window: 'API_KEY_BUDGET_WINDOW_DAY', limitUsd: '0.04' }] }),
    await make.key({ user: poor, group }),
  ];
  await make.known(keys.at(-1));
  for (const account of [flaky, steady]) await fleet.steer(account.credential, kPace);
  return { group, flaky, steady, users: [rich, poor], keys };
}
const kPace = 'tokens=10,token-delay=8ms,pings=0';

async function round(names) {
  const world = await prepare();
  await fleet.waitIdle();
  await fleet.resetBooks();
  let sent = 0;
  const run = load(24, (i) => {
    const leaves = i % 11 === 5;
    return { url: fleet.nodes[i % 3].url, key: world.keys[i % 3].secret, stream: i % 4 !== 3, timeoutMs: 60000,
      text: `#tag:r${sent++}# ${'z'.repeat(1000)}`,
      onData: leaves ? (answer, call) => { if (answer.text.includes('content_block_delta')) { answer.left = true; call.destroy(); } } : undefined };
  });
  let moody = true;
  const mood = (async () => {
    while (moody) {
      await fleet.steer(world.flaky.credential, [kPace, pick(moods)].filter(Boolean).join(','));
      await sleep(300);
    }
  })();
  await eventually('there is load', () => run.answers.length > 60);
  await Promise.all(names.map((name) => faults[name].run()));
  await sleep(2000);
  moody = false;
  await mood;
  const answers = await run.stop();
  await fleet.waitIdle(120000);

  const kills = names.some((name) => faults[name].kills);
  const rows = [];
  for (const key of world.keys) rows.push(...await fleet.usage(`?apiKeyId=${key.id}`));
  const books = await fleet.books();
  console.log(`      ${answers.length} requests, ${answers.filter(whole).length} whole, ${rows.length} rows, ${books.calls.length} upstream calls`);
  for (const answer of answers.filter((one) => one.stream && one.status === 200 && one.complete)) {
    assert.equal(problemOf(answer), null, `${answer.endMs - answer.startMs} ms, ${JSON.stringify(answer.headers)} ${answer.text.slice(-1500)}`);
  }
  assert.ok(answers.filter(whole).length > 20, 'it served');
  checkClients({ answers, rows });                                     // I3, I4, I5
  checkCalls({ rows, books, kills });                                  // I11, I12
  await checkMoney({ fleet, world, rows, faults: names.length });      // I1, I6, I10
  await checkBooks();                                                  // I1, I2, I5, I9, I10 in the database
  await checkNothingHeld({ fleet, world });                            // I8
}

const single = Object.keys(faults);
const wanted = +(process.env.SLUICE_CHAOS_ROUNDS ?? single.length + 3);
let rounds = 0;
for (let i = 0; i < wanted; i++) {
  const names = i < single.length ? [single[i]] : [pick(single.slice(1)), pick(single.slice(1))].filter((name, at, all) => all.indexOf(name) === at);
  test(`round ${i + 1}: ${names.join(' and ')}`, async () => {
    try {
      await round(names);
      rounds++;
    } finally {
      for (const link of [...links('redis'), ...links('controlPlane')]) link.heal();
      for (const node of fleet.nodes) if (node.alive) node.resume(); else await node.start();
    }
  });
}
test('rounds', async () => {
  console.log(`      ${rounds} of ${wanted} rounds kept every invariant (seed ${seed}); a whole answer costs ${exactCost}`);
  assert.equal(rounds, wanted);
});

await main();
