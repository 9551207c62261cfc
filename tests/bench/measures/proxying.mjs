// What a request costs beside nginx and haproxy, which only forward.
import { holding, rounded, requestFiles, residentKb, sleep } from '../lib.mjs';
import { addedRow, compare, cpuRow, fileFor, peers } from '../peers.mjs';

const whole = (name, label, bytes, requests, must, aim) => ({
  name, about: `CPU per request, ${label} JSON, 32 clients`,
  async run(context) {
    const files = requestFiles(context.system, name, await context.system.priced('fake:tokens=60'), false, bytes);
    const options = { connections: 32, requests: context.quick ? requests / 10 : requests };
    return [cpuRow(`request, ${label} JSON, 32 clients`, await compare(context, name, files, options), must, aim)];
  },
});

async function paced(context) {
  const files = requestFiles(context.system, 'paced', await context.system.priced('fake:tokens=50,token-delay=20ms'), true, 2000);
  const figures = await compare(context, 'paced', files, { connections: 200, requests: context.quick ? 200 : 600 }, (result) => result.answers * 55);
  return [cpuRow('paced SSE event, metered (50 per stream, 20 ms)', figures, 1.25, 1.05)];
}

async function firstByte(context) {
  const files = requestFiles(context.system, 'single', await context.system.priced('fake:tokens=60'), true, 2000);
  const figures = await compare(context, 'first-byte', files, { connections: 1, requests: context.quick ? 300 : 2000 });
  return [addedRow('added time to first byte p50, one client', figures, 2, 1.3)];
}

// Resident memory per held stream: the slope between two numbers of streams.
async function held(context) {
  const files = requestFiles(context.system, 'held', await context.system.priced('fake:tokens=2000,token-delay=1000ms'), true, 2000);
  const [few, many] = context.quick ? [100, 400] : [500, 2000];
  const memory = {};
  for (const target of (await peers(context)).slice(1)) {
    const at = [];
    for (const streams of [few, many]) {
      at.push(await holding(target, fileFor(target, files), streams, async () => {
        await sleep(2500);
        return residentKb(target.pids);
      }));
    }
    memory[target.name] = rounded((at[1] - at[0]) / (many - few));
  }
  return [{ measure: `memory per held stream (${few} to ${many})`, unit: 'kB', ...memory, ratio: rounded(memory.sluice / memory.haproxy), must: '8 kB', aim: '3 kB' }];
}

export default [
  whole('json-2k', '2 KB', 2000, 20000, 2.0, 1.4),
  whole('json-16k', '16 KB', 16000, 10000, 2.5, 1.8),
  whole('json-400k', '400 KB', 400000, 800, 2.5, 1.8),
  { name: 'paced', about: 'CPU per metered event of a paced stream', run: paced },
  { name: 'first-byte', about: 'added time to first byte', run: firstByte },
  { name: 'held', about: 'memory per held stream', run: held },
];
