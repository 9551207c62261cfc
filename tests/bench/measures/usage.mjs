// How long pages and reports of usage take through the REST API, over generated events in 30 daily partitions.
import { execFileSync, spawn } from 'node:child_process';
import { rounded, say } from '../lib.mjs';
import { System } from '../system.mjs';

const days = 30;

function psql(system, script) {
  return new Promise((resolve, reject) => {
    const child = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', system.env.DATABASE], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`psql ended with ${code}`))));
    child.stdin.end(script);
  });
}

const id = (kind, number) => `('01935f7a-2c4e-7b3a-${kind}-' || lpad((${number})::text, 12, '0'))::uuid`;

// Straight into the partitions, evenly over the days before today: 100 users, 1,000 keys, 10 groups, 20 accounts, 5 models.
async function fillDay(system, day, rows) {
  await psql(system, `SELECT ensure_usage_partition(current_date - ${day});
    INSERT INTO usage_events (day, event_id, started_at, ended_at, user_id, api_key_id, group_id, account_id, protocol,
      requested_model, served_model, streaming, outcome, usage_state, input_tokens, output_tokens, cache_read_tokens,
      cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_revision, lines, multiplier_ppm, cost_nano_usd,
      upstream_status, upstream_request_id, first_byte_us, attempts, config_version, node_id)
    SELECT current_date - ${day}, gen_random_uuid(), at, at + (1 + n % 30) * interval '1 second', ${id('9a51', 'n % 100')},
      ${id('9a52', 'n % 1000')}, ${id('9a53', 'n % 10')}, ${id('9a54', 'n % 20')}, 'anthropic', 'model-' || n % 5,
      'model-' || n % 5, true, CASE WHEN n % 50 = 0 THEN 4 ELSE 1 END, 1, 1000, 200, 5000, 0, 0, '', 1, '[]', 1000000,
      6000000, CASE WHEN n % 50 = 0 THEN 429 ELSE 200 END, 'r', 200000 + n % 1000 * 1000, 1, 1, 'n'
    FROM (SELECT n, (current_date - ${day})::timestamp AT TIME ZONE 'UTC' + n * interval '1 day' / ${rows} AS at
          FROM generate_series(0, ${rows - 1}) AS g(n)) x;`);
}

// The system's own job makes the sums of days that have none, as after an update from a build that wrote none.
async function sumUp(system) {
  const summed = async () => +execFileSync('psql', ['-X', '-q', '-A', '-t', '-d', system.env.DATABASE, '-c',
    'SELECT count(*) FROM usage_rollup_days WHERE day < current_date'], { encoding: 'utf8' });
  await system.api('POST', '/admin/v1/jobs/tend_rollups/trigger', {});
  while (await summed() < days) await new Promise((resolve) => setTimeout(resolve, 1_000));
}

async function timed(system, where, times) {
  const took = [];
  for (let i = 0; i < times + 2; i++) {
    const start = performance.now();
    await system.api('GET', where);
    if (i > 1) took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  return (share) => rounded(took[Math.min(took.length - 1, Math.floor(took.length * share))], 1);
}

async function usage(context) {
  const rows = +(process.env.USAGE_ROWS ?? (context.quick ? 60_000 : 5_000_000));
  const system = await System.start(`${process.env.SLUICE_STATE}-usage`);
  try {
    const began = Date.now();
    for (let day = 1; day <= days; day++) await fillDay(system, day, Math.floor(rows / days));
    await psql(system, 'ANALYZE usage_events;');
    say(`usage: ${rows} events are there after ${Math.round((Date.now() - began) / 1000)} s`);
    await sumUp(system);
    await psql(system, 'ANALYZE usage_minutes, usage_quarters, usage_days;');
    say(`usage: their sums are there after ${Math.round((Date.now() - began) / 1000)} s`);
    const midnight = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const time = (day) => new Date(midnight - day * 86_400_000).toISOString();
    const bound = `from=${time(days)}&until=${time(0)}`;
    const user = '01935f7a-2c4e-7b3a-9a51-000000000007';
    const range = `filter.from=${time(days)}&filter.until=${time(0)}`;
    const wanted = [
      ['first page', `/admin/v1/usage-events?${bound}`, 50, 150],
      ['first page of a user', `/admin/v1/usage-events?${bound}&user_id=${user}`, 50, 150],
      ['first page of a group', `/admin/v1/usage-events?${bound}&group_id=01935f7a-2c4e-7b3a-9a53-000000000003`, 50, 150],
      ['first page of an error class', `/admin/v1/usage-events?${bound}&error_class=rate_limited`, 50, 150],
      [`summary of a user, ${days} days`, `/admin/v1/usage-reports/summary?${range}&filter.user_id=${user}`, 20, ''],
      [`summary, 1 day`, `/admin/v1/usage-reports/summary?filter.from=${time(1)}&filter.until=${time(0)}`, 10, ''],
      [`summary, ${days} days`, `/admin/v1/usage-reports/summary?${range}`, 5, ''],
      [`series by hour, ${days} days`, `/admin/v1/usage-reports/series?${range}&step=USAGE_STEP_HOUR`, 5, ''],
      [`top models, ${days} days`, `/admin/v1/usage-reports/top?${range}&group_by=USAGE_DIMENSION_MODEL`, 5, ''],
    ];
    const out = [];
    for (const [what, where, times, must] of wanted) {
      const at = await timed(system, where, times);
      out.push({ measure: `${what}, of ${rows} events, p50`, unit: 'ms', sluice: at(0.5), must, aim: '' });
      out.push({ measure: '- p95', unit: 'ms', sluice: at(0.95), must: '', aim: '' });
    }
    return out;
  } finally {
    await system.stop();
  }
}

export default [{ name: 'usage', about: 'pages and reports of usage over 5 million generated events', run: usage }];
