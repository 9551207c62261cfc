// Makes a user without balance and prints an API key of that user, once the gateway knows it.
import { admin, eventually, list, message, post } from './lib.mjs';

const [group] = await list('/admin/v1/groups', 'groups');
const { user } = await admin('POST', '/admin/v1/users', { user: { email: `broke-${Date.now()}@example.test`, displayName: 'no balance' } });
const created = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: 'no balance' } });
await eventually('the key is known', async () => (await post(message('claude-sonnet-4-5'), { key: created.secret })).status === 402);
process.stdout.write(created.secret);
