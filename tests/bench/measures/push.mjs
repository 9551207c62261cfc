// How long until a change holds on every node: a key is disabled while the fleet knows 100,000 of them, and every node is
// asked until it refuses the key.
import { startFleet } from '../../e2e/fleet.mjs';
import { median, rounded, say } from '../lib.mjs';
import { System } from '../system.mjs';
import { fill } from '../tenants.mjs';

const status = async (node, key) => {
  const answer = await fetch(`${node.url}/v1/models`, { headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' } });
  await answer.arrayBuffer();
  return answer.status;
};

// Asks every 5 ms: asking without a pause, of 8 nodes at once, would be what is measured.
async function until(node, key, wanted, limitMs) {
  for (const end = Date.now() + limitMs; await status(node, key) !== wanted;) {
    if (Date.now() > end) throw new Error(`${node.id} did not answer ${wanted} within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now();
}

async function push(context) {
  const [nodes, keys, changes] = context.quick ? [3, 10_000, 10] : [8, 100_000, 50];
  const fleet = await startFleet({ nodes, workers: 1 });
  try {
    const system = Object.assign(Object.create(System.prototype), { state: fleet.state, env: process.env });
    const began = Date.now();
    const made = await fill(system, 10, keys);
    await Promise.all(fleet.nodes.map((node) => until(node, made.at(-1), 200, 180_000)));
    say(`push: ${nodes} nodes know ${keys} keys after ${Math.round((Date.now() - began) / 1000)} s`);
    const { user } = await system.api('POST', '/admin/v1/users', { user: { email: 'push@bench.test', displayName: 'push' } });
    const { group } = await system.api('POST', '/admin/v1/groups', { group: { name: 'push' } });
    const whole = [];
    const after = [];
    for (let i = 0; i < changes; i++) {
      const { apiKey, secret } = await system.api('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: `push-${i}` } });
      await Promise.all(fleet.nodes.map((node) => until(node, secret, 200, 60_000)));
      const start = performance.now();
      const refused = Promise.all(fleet.nodes.map((node) => until(node, secret, 401, 60_000)));
      await system.api('PATCH', `/admin/v1/api-keys/${apiKey.id}?updateMask=status`, { status: 'API_KEY_STATUS_DISABLED' });
      const answered = performance.now();
      const last = Math.max(...await refused);
      whole.push(last - start);
      after.push(Math.max(0, last - answered));
    }
    const worst = (values) => Math.max(...values);
    const row = (measure, sluice, must) => ({ measure, unit: 'ms', sluice: rounded(sluice, 1), must, aim: '' });
    return [
      row(`disabled key refused by ${nodes} nodes with ${keys} keys, after the answer, p50`, median(after), 100),
      row('- slowest', worst(after), ''),
      row('- with the call itself, p50', median(whole), ''),
      row('- slowest', worst(whole), ''),
    ];
  } finally {
    await fleet.stop();
  }
}

export default [{ name: 'push', about: 'time until a disabled key is refused by 8 nodes that know 100,000 keys', run: push }];
