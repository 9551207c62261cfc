// What a refusal costs beside a served request, and that it asks neither Redis nor an upstream.
import { inTurn, load, median, ratioRow, requestFiles, rounded } from '../lib.mjs';
import { randomKey, tenants } from '../tenants.mjs';

async function rejection(context) {
  const { system } = context;
  const model = await system.priced('fake:tokens=60');
  const limited = await tenants(system, 'rejection', { key: { requestsPerMinute: 1 } });
  const requests = context.quick ? 2000 : 20000;
  const kinds = [
    { name: 'served', status: 200, key: undefined },
    { name: 'unknown key', status: 401, key: randomKey() },
    { name: 'over its rate', status: 429, key: limited.key },
  ];
  for (const kind of kinds) {
    kind.file = requestFiles(system, `rejection-${kind.status}`, model, false, 2000, kind.key).gateway;
    kind.cpuUs = [];
    kind.redis = kind.upstream = 0;
    await load(system.target, kind.file, { connections: 4, requests: 200 }, kind.status === 429 ? 0 : kind.status);
  }
  await inTurn(context.rounds, kinds, 'rejection', async (kind) => {
    const before = [await system.metric('sluice_redis_commands_total'), await system.upstreamRequests()];
    const result = await load(system.target, kind.file, { connections: 32, requests }, kind.status === 429 ? 0 : kind.status);
    if (kind.status === 429 && (result.statuses[429] ?? 0) < requests * 0.99) throw new Error(`not 429: ${JSON.stringify(result.statuses)}`);
    kind.cpuUs.push(result.cpuNs / 1000 / result.answers);
    kind.redis += (await system.metric('sluice_redis_commands_total') - before[0]) / requests / context.rounds;
    kind.upstream += (await system.upstreamRequests() - before[1]) / requests / context.rounds;
    await system.settled();
  });
  const [served, ...refused] = kinds;
  return refused.map((kind) => ({
    ...ratioRow(`refusal, ${kind.name} (${kind.status}), to a served request`, 'us CPU', kind.cpuUs.map((own, i) => own / served.cpuUs[i]),
      { sluice: kind.cpuUs, must: kind.status === 401 ? 0.5 : '', aim: kind.status === 401 ? 0.25 : '' }),
    served: rounded(median(served.cpuUs)), redisCommands: rounded(kind.redis, 4), upstreamRequests: rounded(kind.upstream, 4),
  }));
}

export default [{ name: 'rejection', about: 'CPU of a refusal beside a served request', run: rejection }];
