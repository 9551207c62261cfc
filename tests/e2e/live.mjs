// Live operations of the running system: slots that nodes say they hold, traffic, orders to nodes, and the stream of events
// as a browser reads it.
import { send, whole } from './clients.mjs';
import { startFleet } from './fleet.mjs';
import { admin, assert, env, eventually, main, test } from './lib.mjs';

const fleet = await startFleet({ nodes: 2 });
const { make } = fleet;
const [first, second] = fleet.nodes;
const overview = async () => (await admin('GET', '/admin/v1/live/overview')).overview;
const shown = async (list, id) => (await overview())[list].find((one) => one.id === id);
const readyz = async (node) => (await fetch(`${node.adminUrl}/readyz`)).status;

// The events of a watch as they come. next(fits) gives the first that fits, and drops those before.
async function watch(lastEventId) {
  const stop = new AbortController();
  const answer = await fetch(`${env.ADMIN_URL}/admin/v1/live/watch`, {
    signal: stop.signal, headers: { authorization: `Bearer ${env.ADMIN_TOKEN}`, ...(lastEventId ? { 'last-event-id': lastEventId } : {}) },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    stop: () => stop.abort(),
    async next(fits = () => true) {
      for (;;) {
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          const data = lines.find((line) => line.startsWith('data: '));
          if (!data) continue;
          const event = { id: lines.find((line) => line.startsWith('id: '))?.slice(4), ...JSON.parse(data.slice(6)) };
          if (fits(event)) return event;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream ended');
        text += value;
      }
    },
  };
}

test('slots in use are the sum of what the nodes hold, and what was served is counted', async () => {
  const one = await make.all({ accounts: [{ concurrency: 3 }] });
  const [account] = one.accounts;
  await fleet.steer(account.credential, 'token-delay=100ms,tokens=200');
  const running = [first, first, second, second].map((node) => send({ url: node.url, key: one.key.secret, stream: true }));
  await eventually('three slots and one that waits are shown', async () => {
    const now = await shown('accounts', account.id);
    return now.slots === 3 && now.slotsInUse === 3 && now.waiting === 1;
  }, 30000);
  for (const answer of await Promise.all(running)) assert.ok(whole(answer), answer.text);
  await eventually('they are given back', async () => (await shown('accounts', account.id)).slotsInUse === 0, 30000);
  await eventually('the traffic is shown', async () => {
    const { traffic } = await overview();
    return traffic.requestsPerSecond >= 3 / 60 && +traffic.tokensPerMinute > 0;
  }, 30000);
});

test('a node that is taken aside says so, serves what comes all the same, also after a restart, and comes back', async () => {
  const one = await make.all({});
  const is = (what, fits) => eventually(what, async () => fits(await shown('nodes', second.id)), 120000);
  await is('it is ready', (node) => node.connected && node.ready && !node.draining);
  await admin('POST', `/admin/v1/live/nodes/${second.id}/drain`, {});
  await eventually('it is not ready', async () => (await readyz(second)) === 503);
  assert.equal(await readyz(first), 200);
  await is('it is shown', (node) => node.drainWanted && node.draining && !node.ready);
  assert.ok(whole(await send({ url: second.url, key: one.key.secret })));
  await second.kill();
  const started = second.start();  // waits until it is ready: that is after the next order
  await eventually('it is taken aside again', async () => (await readyz(second)) === 503 && /draining/.test(await (await fetch(`${second.adminUrl}/readyz`)).text()), 120000);
  await admin('POST', `/admin/v1/live/nodes/${second.id}/undrain`, {});
  await eventually('it is ready again', async () => (await readyz(second)) === 200);
  await started;
  await is('that is shown', (node) => !node.drainWanted && !node.draining && node.ready);
});

test('events come as they happen, and a client goes on where it was', async () => {
  const all = await watch();
  const snapshot = await all.next();
  assert.deepEqual(snapshot.snapshot.nodes.map((node) => node.id), [first.id, second.id]);
  const group = await make.group();
  const account = await make.account({ group });
  const tells = (event) => event.delta?.accounts.some((one) => one.id === account.id);
  const change = await all.next(tells);
  all.stop();
  assert.notEqual(change.id, snapshot.id);
  const again = await watch(snapshot.id);
  const missed = await again.next();
  assert.ok(missed.delta, 'no snapshot');
  const same = tells(missed) ? missed : await again.next(tells);
  assert.equal(same.id, change.id);
  again.stop();
  const stranger = await watch('unknown-1');
  assert.ok((await stranger.next()).snapshot);
  stranger.stop();
});

test('a stop of the control plane ends the streams whole', async () => {
  const one = await watch();
  await one.next();
  const ended = one.next(() => false).catch((error) => error);
  await fleet.controlPlane.kill('SIGTERM');
  assert.match(String((await ended).message), /ended/);
  await fleet.controlPlane.start();
});

await main();
