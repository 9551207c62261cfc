// Users, groups, accounts and keys for a measure: a few over the admin API, 100,000 keys straight into the tables.
import { createHmac, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';

const fakeAccount = (system, name, fields) => system.api('POST', '/admin/v1/accounts', {
  account: { name, provider: 'anthropic', baseUrl: system.env.FAKE_URL, ...fields },
  credential: { kind: 'ACCOUNT_CREDENTIAL_KIND_API_KEY', secret: system.env.UPSTREAM_SECRET },
});

export async function paidUser(system, name, fields = {}) {
  const { user } = await system.api('POST', '/admin/v1/users', { user: { email: `${name}@bench.test`, displayName: name, multiplier: '1', ...fields } });
  await system.api('POST', `/admin/v1/users/${user.id}/adjustments`, { amountUsd: '100000', externalId: `deposit-${name}`, reason: 'benchmark' });
  return user;
}

// One user with one key whose group has these accounts: { user, key }. The node knows the key.
export async function tenants(system, name, { user = {}, accounts = [{}], key = {} }) {
  const owner = await paidUser(system, name, user);
  const { group } = await system.api('POST', '/admin/v1/groups', { group: { name, multiplier: '1' } });
  for (const [i, fields] of accounts.entries()) await fakeAccount(system, `${name}-${i}`, { groupIds: [group.id], ...fields });
  const { secret } = await system.api('POST', '/admin/v1/api-keys', { apiKey: { userId: owner.id, groupId: group.id, name, ...key } });
  await system.knows(secret);
  return { user: owner, key: secret };
}

async function inParallel(count, limit, call) {
  let next = 0;
  await Promise.all(Array.from({ length: limit }, async () => { while (next < count) await call(next++); }));
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base62 = (length) => Array.from(randomBytes(length), (byte) => alphabet[byte % 62]).join('');
// Of the right form and length; the gateway knows keys by their hash and does not look at the checksum.
export const randomKey = () => `sk-${base62(57)}`;
function uuid7() {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function psql(system, script) {
  return new Promise((resolve, reject) => {
    const child = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', system.env.DATABASE], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`psql ended with ${code}`))));
    child.stdin.end(script);
  });
}

// Keys as the control plane stores them, with the system's own pepper, their changes in the log; one transaction. Made
// over the admin API, 100,000 would take minutes and be the same rows.
async function keysBySql(system, count, users, group) {
  const pepper = Buffer.from(system.secret('api_key_pepper'), 'hex');
  const keys = Array.from({ length: count }, randomKey);
  const rows = keys.map((key, i) => [uuid7(), users[i % users.length].id, group.id, `bulk-${i}`, key.slice(3, 11), key.slice(-4),
    `\\\\x${createHmac('sha256', pepper).update(key).digest('hex')}`, '1', 'active', '1000']);
  await psql(system, `BEGIN;
CREATE TEMP TABLE made (LIKE api_keys INCLUDING DEFAULTS) ON COMMIT DROP;
COPY made (id, user_id, group_id, name, public_id, last4, key_hmac, pepper_version, status, concurrency) FROM stdin;
${rows.map((row) => row.join('\t')).join('\n')}
\\.
INSERT INTO api_keys SELECT * FROM made;
WITH base AS (SELECT number FROM config_version FOR UPDATE)
INSERT INTO change_log (number, kind, object_id, revision, state)
SELECT base.number + row_number() OVER (ORDER BY made.id), 3, made.id, 1, 1 FROM made, base;
UPDATE config_version SET number = number + ${count};
NOTIFY sluice_config;
COMMIT;
`);
  return keys;
}

// So many accounts, all in one group, and keys of 100 users in it, every one with a limit of concurrency. Returns the keys.
export async function fill(system, accounts, keys) {
  const users = [];
  for (let i = 0; i < 100; i++) users.push(await paidUser(system, `user-${i}`, { concurrency: 1000 }));
  const { group } = await system.api('POST', '/admin/v1/groups', { group: { name: 'bulk', multiplier: '1' } });
  await inParallel(accounts, 16, (i) => fakeAccount(system, `bulk-${i}`, { groupIds: [group.id], concurrency: 1000 }));
  const made = await keysBySql(system, keys, users, group);
  await system.knows(made.at(-1), 180000);
  return made;
}
