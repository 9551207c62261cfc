// After the acceptance scenarios: the books against the log of the scenarios' mock upstream. Every answer that the mock
// delivered whole is one complete usage row, with the tokens that the mock reported, and the ledger balances.
import { admin, assert, checkBooks, eventually, list, main, test, usageSettled } from './lib.mjs';

const kinds = { in: 'input', out: 'output', cr: 'cacheRead', cw5: 'cacheWrite5m', cw1h: 'cacheWrite1h' };
const defaults = { in: 11, out: 7 };
const byDirective = (a, b) => (a < b ? -1 : 1);

async function delivered() {
  const log = await (await fetch(`${process.env.MOCK_URL}/__mock/log`)).json();
  return log.filter((call) => call.method === 'POST' && call.path.endsWith('/v1/messages') && call.status === 200);
}
const brokenOff = (call) => call.cut || call.eof || call.inerr || call.dropped || call.clientClosed;
const line = (tokens) => Object.values(kinds).map((kind) => `${kind}=${+(tokens[kind] ?? 0)}`).join(' ');

test('every answer of the mock is in the books once, with its tokens', async () => {
  await usageSettled();
  const calls = await delivered();
  const expected = calls.filter((call) => !brokenOff(call)).map((call) =>
    line(Object.fromEntries(Object.entries(kinds).map(([short, kind]) => [kind, call.directive?.[short] ?? defaults[short] ?? 0])))).sort(byDirective);
  assert.ok(expected.length > 50, `only ${expected.length} answers`);
  // The account served other suites before, from another upstream; the clocks are the same.
  const { accounts } = await admin('GET', '/admin/v1/accounts?pageSize=500');
  const account = accounts.find((candidate) => candidate.baseUrl === process.env.MOCK_URL);
  const since = Math.min(...calls.map((call) => call.t));
  const rows = (await list('/admin/v1/usage-events', 'usageEvents')).filter((row) => row.accountId === account.id && Date.parse(row.startedAt) >= since - 1000);
  const complete = rows.filter((row) => row.outcome === 'OUTCOME_COMPLETE');
  console.log(`      ${calls.length} answers, ${expected.length} whole; ${rows.length} rows, ${complete.length} complete`);
  assert.deepEqual(complete.map((row) => line(row.tokens ?? {})).sort(byDirective), expected);
});

test('the ledger balances', checkBooks);

await main();
