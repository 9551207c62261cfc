// Whether a request costs more with 10,000 accounts and 100,000 keys than with 10 and 100: two whole systems side by
// side. All accounts are in one group, so every choice is among all of them. And what a node's memory of them weighs.
import fs from 'node:fs';
import path from 'node:path';
import { cpu, inTurn, load, median, ratioRow, requestFiles, residentKb, rounded, say } from '../lib.mjs';
import { System } from '../system.mjs';
import { fill } from '../tenants.mjs';

async function prepare(context, name, accounts, keys) {
  const started = Date.now();
  const system = await System.start(`${context.system.state}-${name}`);
  const side = { system, cpuUs: [], redisUs: [], restKb: residentKb(system.target.pids) };
  const made = await fill(system, accounts, keys);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  side.filledKb = residentKb(system.target.pids);
  const model = await system.priced('fake:tokens=60');
  side.keys = path.join(system.state, 'keys');
  // In no order of any table, 10,000 at most.
  const some = made.map((key) => [Math.random(), key]).sort((a, b) => a[0] - b[0]).slice(0, 10000).map(([, key]) => key);
  fs.writeFileSync(side.keys, some.join('\n'));
  side.file = requestFiles(system, 'growth', model, false, 2000, some[0]).gateway;
  say(`growth: ${accounts} accounts and ${keys} keys loaded in ${Math.round((Date.now() - started) / 1000)} s`);
  return side;
}

async function growth(context) {
  const [accounts, keys] = context.quick ? [1000, 10000] : [10000, 100000];
  const sides = [];
  try {
    sides.push(await prepare(context, 'small', 10, 100));
    sides.push(await prepare(context, 'large', accounts, keys));
    const options = (requests, side) => ({ connections: 32, requests, keys: side.keys });
    for (const side of sides) await load(side.system.target, side.file, options(context.quick ? 2000 : 20000, side));
    await inTurn(context.rounds, sides, 'growth', async (side) => {
      const requests = context.quick ? 2000 : 20000;
      const redis = [side.system.pid('redis')];
      const before = cpu(redis);
      const result = await load(side.system.target, side.file, options(requests, side));
      side.redisUs.push((cpu(redis) - before) / 1000 / requests);
      side.cpuUs.push(result.cpuNs / 1000 / requests);
      await side.system.settled();
    });
  } finally {
    for (const side of sides) await side.system.stop();
  }
  const [small, large] = sides;
  const row = (measure, field, must, aim) => ({
    ...ratioRow(measure, 'us CPU', large[field].map((own, i) => own / small[field][i]), { sluice: large[field], must, aim }), small: rounded(median(small[field])),
  });
  const much = `${accounts} accounts, ${keys} keys`;
  return [
    row(`request with ${much}, to one with 10 and 100`, 'cpuUs', 1.15, 1.05),
    row('- of Redis', 'redisUs', 1.15, 1.05),
    { measure: 'memory of a node at rest', unit: 'MB', sluice: rounded(large.restKb / 1024, 1), must: 40, aim: 25 },
    { measure: `- added by ${much}`, unit: 'MB', sluice: rounded((large.filledKb - large.restKb) / 1024, 1), must: 60, aim: 40 },
  ];
}

export default [{ name: 'growth', about: 'cost and memory with 10,000 accounts and 100,000 keys', run: growth }];
