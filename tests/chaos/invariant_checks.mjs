// The invariants of billing, each as a check of what clients, the fake upstream, the usage rows, the wallets and Redis say
// after a round of chaos. Called once nothing is under way.
import { whole } from '../e2e/clients.mjs';
import { assert, eventually } from '../e2e/lib.mjs';

// Prices of claude-haiku-4-5 in deploy/local: input and output in USD per million tokens. The fake counts four bytes as a token.
const kInput = 1;
const kOutput = 5;
const cost = (tokens) => (+tokens.input * kInput + +tokens.output * kOutput) / 1e6;
const close = (a, b) => Math.abs(a - b) < 1e-9;
const sum = (all, of) => all.reduce((total, one) => total + of(one), 0);
const idOf = (answer) => answer.headers['x-sluice-request-id'];
export const exactCost = cost({ input: 254, output: 10 }).toFixed(6);

// I3: what got upstream has one final event. I4: whoever saw the end of an answer is billed for what it used, exactly.
// I5: no event is there twice.
export function checkClients({ answers, rows }) {
  const byId = new Map(rows.map((row) => [row.eventId, row]));
  assert.equal(byId.size, rows.length, 'I5: an event is there twice');
  for (const row of rows) {
    assert.ok(row.outcome && row.outcome !== 'OUTCOME_UNSPECIFIED', `I3: ${row.eventId} has no outcome`);
    assert.ok(+row.costUsd >= 0 && close(+row.costUsd, row.outcome === 'OUTCOME_UPSTREAM_ERROR' ? 0 : cost(row.tokens ?? { input: 0, output: 0 })),
      `I4: ${row.eventId} (${row.outcome}) costs ${row.costUsd} for ${JSON.stringify(row.tokens)}`);
  }
  for (const answer of answers.filter(whole)) {
    const row = byId.get(idOf(answer));
    assert.ok(row, `I4: the answer of ${idOf(answer)} is not in the books`);
    assert.equal(row.outcome, 'OUTCOME_COMPLETE', `I4: ${idOf(answer)}`);
    const usage = answer.stream ? /"message_delta".*"output_tokens":(\d+)/.exec(answer.text)?.[1] : JSON.parse(answer.text).usage.output_tokens;
    assert.equal(+row.tokens.output, +usage, `I4: output tokens of ${idOf(answer)}`);
  }
  // Refusals cost nothing and leave no row of their own; a failed answer leaves one that costs nothing.
  for (const answer of answers.filter((one) => one.status >= 400)) {
    const row = byId.get(idOf(answer));
    assert.ok(!row || +row.costUsd === 0, `an error was billed: ${idOf(answer)}`);
  }
}

// I11: the calls in the upstream's log are the attempts in our records; a node that was killed may have written down the
// last one of each request without sending it, and a request on a used connection that ended without a byte of answer
// was sent once more. I12: the tokens the upstream has delivered are those in our records.
export function checkCalls({ rows, books, kills }) {
  const calls = books.calls.length;
  const attempts = sum(rows, (row) => +row.attempts);
  const unsure = rows.filter((row) => row.outcome === 'OUTCOME_NODE_CRASH').length;
  assert.ok(kills || unsure === 0, 'a crash without a kill');
  const resent = Math.floor(books.calls.filter((call) => call.status === 0).length / 2);
  assert.ok(calls <= attempts + resent && calls >= attempts - unsure, `I11: ${calls} upstream calls, ${attempts} attempts in the records, ${unsure} of them unsure`);
  const complete = rows.filter((row) => row.outcome === 'OUTCOME_COMPLETE');
  const delivered = sum(Object.values(books.accounts), (account) => account.outputTokens);
  const recorded = sum(complete, (row) => +row.tokens.output);
  assert.ok(recorded <= delivered, `I12: ${recorded} output tokens recorded as complete, ${delivered} delivered`);
}

// I1 and I10 by hand, and I6: one fault spends nothing that is not there.
export async function checkMoney({ fleet, world, rows, faults }) {
  for (const [user, deposit] of [[world.users[0], 100], [world.users[1], 0.05]]) {
    const balance = +(await fleet.admin('GET', `/admin/v1/users/${user.id}/balance`)).balanceUsd;
    const spent = sum(rows.filter((row) => row.userId === user.id), (row) => +row.costUsd);
    assert.ok(close(balance + spent, deposit), `I1: ${deposit} deposited, ${spent} spent, ${balance} left`);
    const bound = faults > 1 ? -0.2 : 0;
    assert.ok(balance >= bound, `I6: overspent, the balance is ${balance}`);
    if (balance < 0) console.log(`      two faults at once: overspent by ${-balance}`);
  }
  const { apiKey } = await fleet.admin('GET', `/admin/v1/api-keys/${world.keys[1].id}`);
  const spent = sum(rows.filter((row) => row.apiKeyId === apiKey.id), (row) => +row.costUsd);
  assert.ok(close(+apiKey.budgets[0].spentUsd, spent), `I10: the budget says ${apiKey.budgets[0].spentUsd}, the rows ${spent}`);
  if (faults === 1) assert.ok(spent <= +apiKey.budgets[0].limitUsd + 1e-9, `I6: ${spent} of a budget of ${apiKey.budgets[0].limitUsd}`);
}

// I8: with nothing under way, no slot, no place in a queue, no hold and nothing unacknowledged is left in Redis.
export async function checkNothingHeld({ fleet }) {
  await eventually('I8: nothing is held', async () => {
    const keys = (await fleet.redis.cli('--scan', '--pattern', 'sluice:2:{f}:*')).split('\n').filter(Boolean);
    for (const key of keys) {
      if (/:slots:|:queue:/.test(key)) {
        const live = key.includes(':slots:') ? await fleet.redis.cli('zcount', key, Date.now(), '+inf') : 0;
        if (+live > 0) throw new Error(`${key} has ${live}`);
      }
      if (!key.includes(':purse:')) continue;
      const fields = (await fleet.redis.cli('hgetall', key)).split('\n');
      for (let i = 0; i + 1 < fields.length; i += 2) {
        if (/^(total|h:|u:)/.test(fields[i]) && +fields[i + 1] !== 0) throw new Error(`${key} ${fields[i]} = ${fields[i + 1]}`);
      }
    }
    return true;
  }, 60000);
}
