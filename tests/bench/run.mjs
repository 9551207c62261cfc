// See tests/bench/run. Runs the measures, prints a table and writes build/bench/results.json, in which every measure
// keeps the result of its last run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, say } from './lib.mjs';
import { stopPeers } from './peers.mjs';
import { System } from './system.mjs';
import growth from './measures/growth.mjs';
import overload from './measures/overload.mjs';
import proxying from './measures/proxying.mjs';
import push from './measures/push.mjs';
import redis from './measures/redis.mjs';
import rejection from './measures/rejection.mjs';
import usage from './measures/usage.mjs';

const measures = [...proxying, ...redis, ...rejection, ...overload, ...growth, ...push, ...usage];
const words = process.argv.slice(2);
const quick = words.includes('--quick');
const at = words.indexOf('--rounds');
const rounds = at < 0 ? (quick ? 1 : 5) : +words[at + 1];
const wanted = words.filter((word, i) => !word.startsWith('--') && words[i - 1] !== '--rounds');
const unknown = wanted.filter((name) => !measures.some((measure) => measure.name === name));
if (unknown.length > 0 || !(rounds > 0)) {
  console.error(`measures:\n${measures.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}`);
  process.exit(2);
}

const file = path.join(root, 'build/bench/results.json');
const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
const context = { system: new System(process.env.SLUICE_STATE), quick, rounds };
await context.system.decided();
const rows = [];
let failed = 0;
for (const { name, run } of measures.filter((measure) => wanted.length === 0 || wanted.includes(measure.name))) {
  const began = Date.now();
  say(`${name} ...`);
  try {
    const made = await run(context);
    rows.push(...made);
    results[name] = { date: new Date().toISOString(), host: { cpu: os.cpus()[0].model, cores: os.cpus().length }, quick, rounds, rows: made };
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  } catch (error) {
    failed++;
    say(`${name} FAILED: ${error.stack ?? error}`);
  }
  say(`${name} took ${Math.round((Date.now() - began) / 1000)} s`);
}
console.table(rows.map(({ measure, unit, sluice, nginx, haproxy, ratio, spread, must, aim }) => ({ measure, unit, sluice, nginx: nginx ?? '', haproxy: haproxy ?? '', ratio: ratio ?? '', spread: spread ?? '', must, aim })));
stopPeers();
process.exit(failed ? 1 : 0);
