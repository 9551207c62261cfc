// Prepares the gateway for the acceptance scenarios: the keepalive they expect, their mock as the upstream, and a user
// without balance, whose API key is written to the file named by the first argument. Ends once the gateway serves all
// of it: config changes arrive in their order, so the newest one, the key, stands for those before it.
import fs from 'node:fs';
import { admin, assert, eventually, list, message, post } from './lib.mjs';

await admin('PATCH', '/admin/v1/settings?updateMask=keepaliveSeconds', { keepaliveSeconds: +process.env.GATEWAY_KEEPALIVE_S });
const [group] = await list('/admin/v1/groups', 'groups');
const { user } = await admin('POST', '/admin/v1/users', { user: { email: `broke-${Date.now()}@example.test`, displayName: 'no balance' } });
const created = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: 'no balance' } });
await eventually('the key without balance is refused', async () =>
  (await post(message('claude-opus-5-5'), { key: created.secret })).status === 402);
const answer = await post(message('claude-opus-5-5', { messages: [{ role: 'user', content: 'hello [[mock id=setup]]' }] }));
assert.equal(answer.status, 200, answer.text);
assert.match(answer.text, /MOCK-OK setup/, 'the answer is not of the mock');
fs.writeFileSync(process.argv[2], created.secret, { mode: 0o600 });
