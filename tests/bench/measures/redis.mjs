// What a request costs Redis: commands, reads of the socket, CPU of the server. At saturation, so that pipelining works.
import { cpu, inTurn, load, median, requestFiles, rounded } from '../lib.mjs';
import { tenants } from '../tenants.mjs';

// Numbers of INFO by name: cmdstat_evalsha.usec, total_reads_processed ...
async function info(system) {
  const found = {};
  for (const line of (await system.redis('info', 'everything')).split(/\r?\n/)) {
    const [name, value] = line.split(':');
    if (name?.startsWith('cmdstat_')) for (const part of value.split(',')) found[`${name}.${part.split('=')[0]}`] = +part.split('=')[1];
    else if (value !== undefined) found[name] = +value;
  }
  return found;
}

// Per request: commands that the node sent, of which scripts; reads of the server's sockets; CPU of the server and in scripts.
async function cost(system, request, options) {
  const pids = [system.pid('redis')];
  const [before, sentBefore, cpuBefore] = [await info(system), await system.metric('sluice_redis_commands_total'), cpu(pids)];
  const { answers } = await load(system.target, request, options);
  const used = cpu(pids) - cpuBefore;
  const [after, sent] = [await info(system), await system.metric('sluice_redis_commands_total') - sentBefore];
  const rise = (name) => (after[name] ?? 0) - (before[name] ?? 0);
  return {
    sent: sent / answers, scripts: rise('cmdstat_evalsha.calls') / answers, reads: rise('total_reads_processed') / answers,
    serverUs: used / 1000 / answers, scriptUs: rise('cmdstat_evalsha.usec') / answers,
    inScripts: (rise('total_commands_processed') - sent) / answers,
  };
}

async function redis(context) {
  const { system } = context;
  const model = await system.priced('fake:tokens=60');
  // Unlimited but for the balance; and a limit of everything: concurrency of user, key and account, rates, a budget.
  const kinds = {
    usual: await tenants(system, 'redis-usual', { user: { concurrency: 1000 }, accounts: [{ concurrency: 1000 }] }),
    everything: await tenants(system, 'redis-full', {
      user: { concurrency: 1000, requestsPerMinute: 10000000, tokensPerMinute: 1000000000 }, accounts: Array(4).fill({ concurrency: 1000 }),
      key: { concurrency: 1000, requestsPerMinute: 10000000, tokensPerMinute: 1000000000, budgets: [{ window: 'API_KEY_BUDGET_WINDOW_DAY', limitUsd: '100000' }] },
    }),
  };
  const files = Object.fromEntries(Object.entries(kinds).map(([kind, { key }]) => [kind, requestFiles(system, `redis-${kind}`, model, false, 2000, key).gateway]));
  const options = { connections: 32, requests: context.quick ? 2000 : 15000 };
  const figures = { usual: [], everything: [] };
  for (const kind of Object.keys(kinds)) await load(system.target, files[kind], { ...options, requests: 500 });
  await inTurn(context.rounds, Object.keys(kinds), 'redis', async (kind) => { figures[kind].push(await cost(system, files[kind], options)); });
  await system.settled();
  const row = (measure, unit, kind, field, must, aim) => ({ measure, unit, sluice: rounded(median(figures[kind].map((one) => one[field]))), must, aim });
  return [
    row('Redis commands sent per request, the end of the request included', '', 'usual', 'sent', '', ''),
    row('Redis: reads of its sockets per request (32 clients)', '', 'usual', 'reads', 1.1, 1.1),
    row('Redis CPU per request, user, account, balance', 'us CPU', 'usual', 'serverUs', 12, ''),
    row('- of it in scripts', 'us', 'usual', 'scriptUs', '', ''),
    row('- commands run by scripts', '', 'usual', 'inScripts', '', ''),
    row('Redis CPU per request, every limit, four accounts', 'us CPU', 'everything', 'serverUs', '', ''),
    row('- of it in scripts', 'us', 'everything', 'scriptUs', '', ''),
  ];
}

export default [{ name: 'redis', about: 'Redis commands and server CPU per request', run: redis }];
