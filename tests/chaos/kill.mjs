// kill -9 of one process at a time under load. Three counts must agree: the answers whose end the clients saw, the
// usage rows, and what the fake upstream says it completed.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { assert, checkBooks, env, eventually, list, main, message, post, priced, sleep, test } from '../e2e/lib.mjs';

const rounds = +(process.env.SLUICE_CHAOS_ROUNDS ?? 2);
const pidOf = (name) => +fs.readFileSync(path.join(env.STATE_DIR, 'run', `${name}.pid`), 'utf8');
const start = () => execFileSync(path.join(process.env.SOURCE_DIR, 'deploy/local/start'), [], { env: process.env, stdio: 'pipe' });

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

for (const victim of ['dataplane', 'controlplane', 'postgres']) {
  for (let round = 1; round <= rounds; round++) {
    test(`kill -9 of ${victim} under load, round ${round}`, async () => {
      const model = await priced(`fake:tokens=6,token-delay=5ms,input=10,output=6,cache-read=${victim.length * 10 + round}`);
      const run = load(model, 12);
      await eventually('there is load', () => run.seen.size > 40);
      process.kill(pidOf(victim), 'SIGKILL');
      const before = run.seen.size;
      if (victim !== 'dataplane') {
        await eventually('the data plane serves on', () => run.seen.size > before + 100);
      }
      await eventually('the system starts again', () => { start(); return true; }, 90000);
      const restarted = run.seen.size;
      await eventually('requests are answered again', () => run.seen.size > restarted + 40);
      run.stopped = true;
      await run.done;

      // Every answer that a client saw whole is in the books, complete and at its exact price; nothing is there twice.
      const rows = await eventually('every answer seen is in the books', async () => {
        const found = await booksOf(model);
        const ids = new Set(found.map((row) => row.eventId));
        const missing = [...run.seen].filter((id) => !ids.has(id));
        if (missing.length) throw new Error(`${missing.length} of ${run.seen.size} answers are not in the books yet`);
        return found;
      }, 60000);
      assert.equal(new Set(rows.map((row) => row.eventId)).size, rows.length, 'an event is there twice');
      for (const row of rows.filter((r) => run.seen.has(r.eventId))) {
        assert.equal(row.outcome, 'OUTCOME_COMPLETE');
        assert.equal(+row.tokens.output, 6);
      }
      const complete = rows.filter((row) => row.outcome === 'OUTCOME_COMPLETE').length;
      console.log(`      ${run.seen.size} answers seen whole, ${rows.length} rows, ${complete} complete, ${run.errors} failed requests`);
      if (victim !== 'dataplane') {
        assert.equal(run.errors, 0, 'the data plane failed requests although only the books were away');
        assert.equal(rows.length, run.seen.size, 'one row per request');
      }
      await checkBooks();
    });
  }
}

await main();
