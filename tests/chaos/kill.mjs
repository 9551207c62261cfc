// kill -9 of one process at a time under load, which goes on while the process is started again. Three counts must
// agree: the answers whose end the clients saw, the usage rows, and what the fake upstream says it completed.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { assert, checkBooks, env, eventually, list, main, message, post, priced, sleep, test, usageSettled } from '../e2e/lib.mjs';

const rounds = +(process.env.SLUICE_CHAOS_ROUNDS ?? 2);
const pidOf = (name) => +fs.readFileSync(path.join(env.STATE_DIR, 'run', `${name}.pid`), 'utf8');
const start = () => promisify(execFile)(path.join(process.env.SOURCE_DIR, 'deploy/local/start'), ['--no-build'], { env: process.env });

// Streams and whole answers from `clients` loops until stopped. Counts the answers whose end the client saw.
function load(model, clients) {
  const state = { seen: new Set(), stopped: false, errors: 0 };
  const loop = async () => {
    for (let i = 0; !state.stopped; i++) {
      const stream = i % 2 === 0;
      const answer = await post(message(model, { stream }));
      const whole = answer.complete && answer.status === 200 && (stream ? answer.text.includes('event: message_stop') : true);
      if (whole) state.seen.add(answer.headers['x-sluice-request-id']);
      else { state.errors++; await sleep(20); }
    }
  };
  state.done = Promise.all(Array.from({ length: clients }, loop));
  return state;
}

async function booksOf(model) {
  return (await list('/admin/v1/usage-events', 'usageEvents')).filter((row) => row.requestedModel === model);
}

const upstreamBooksOf = async (model) => (await (await fetch(`${env.FAKE_URL}/__fake/stats`)).json()).models[model];

// The usage rows of a model, once nothing is on its way to the books any more.
async function settledBooksOf(model, seen) {
  await usageSettled();
  return eventually('every answer seen is in the books', async () => {
    const rows = await booksOf(model);
    const ids = new Set(rows.map((row) => row.eventId));
    const missing = [...seen].filter((id) => !ids.has(id));
    if (missing.length) throw new Error(`${missing.length} of ${seen.size} answers are not in the books: ${missing.slice(0, 3)}`);
    return rows;
  }, 60000);
}

const OUTPUT = 6;
const INPUT = 10;

for (const victim of ['dataplane', 'controlplane', 'postgres', 'redis']) {
  for (let round = 1; round <= rounds; round++) {
    test(`kill -9 of ${victim} under load, round ${round}`, async () => {
      // A model of its own for every test: the count of cached tokens tells them apart.
      const cached = victim.length * 10 + round;
      const usd = ((INPUT * 3 + OUTPUT * 15 + cached * 0.3) / 1e6).toFixed(9).replace(/0+$/, '');
      const model = await priced(`fake:tokens=${OUTPUT},token-delay=5ms,input=${INPUT},output=${OUTPUT},cache-read=${cached}`);
      const run = load(model, 12);
      await eventually('there is load', () => run.seen.size > 40);
      process.kill(pidOf(victim), 'SIGKILL');
      const before = run.seen.size;
      if (victim !== 'dataplane') {
        await eventually('the data plane serves on', () => run.seen.size > before + 100);
      }
      await start();
      const restarted = run.seen.size;
      await eventually('requests are answered again', () => run.seen.size > restarted + 40);
      run.stopped = true;
      await run.done;

      const rows = await settledBooksOf(model, run.seen);
      const upstream = await upstreamBooksOf(model);
      const complete = rows.filter((row) => row.outcome === 'OUTCOME_COMPLETE');
      console.log(`      ${run.seen.size} answers seen whole, ${rows.length} rows, ${complete.length} complete, ${run.errors} failed requests; ` +
        `upstream: ${upstream.requests} requests, ${upstream.completed} completed`);
      assert.equal(new Set(rows.map((row) => row.eventId)).size, rows.length, 'an event is there twice');
      for (const row of complete) {
        assert.deepEqual([+row.tokens.input, +row.tokens.output, +row.tokens.cacheRead, row.costUsd], [INPUT, OUTPUT, cached, usd]);
      }
      const ids = new Set(complete.map((row) => row.eventId));
      assert.deepEqual([...run.seen].filter((id) => !ids.has(id)), [], 'an answer seen whole is not booked as complete');
      assert.ok(complete.length <= upstream.completed, 'more is booked as complete than the upstream completed');
      if (victim === 'dataplane') {
        // A request is in the journal before it is sent, so the process may die between the two.
        const survived = rows.filter((row) => row.outcome !== 'OUTCOME_NODE_CRASH');
        assert.ok(rows.length >= upstream.requests, 'the upstream got a request that is not in the books');
        assert.ok(survived.length <= upstream.requests, 'there are rows of requests that the upstream never got');
        assert.ok(run.errors > 0, 'nothing was under way when the process was killed');
        for (const row of rows) assert.ok(+row.costUsd <= +usd, `a request that broke off costs ${row.costUsd}, more than the whole ${usd}`);
      } else {
        assert.equal(run.errors, 0, 'the data plane failed requests although only the books were away');
        assert.deepEqual([rows.length, complete.length, upstream.requests, upstream.completed], Array(4).fill(run.seen.size));
      }
      await checkBooks();
    });
  }
}

await main();
