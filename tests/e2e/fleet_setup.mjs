// What a test of the fleet needs in the config: users, groups, accounts, keys, prices, made quickly over the admin API.
import { admin, eventually, list, request } from './lib.mjs';

let made = 0;
const fresh = (word) => `${word}-${process.pid}-${++made}`;
export const kPrice = { input: '3', output: '15', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', perRequest: '0' };

export function makers(fleet) {
  const make = {
    // balance in USD; other fields as in the admin API.
    async user({ balance = '1000', ...fields } = {}) {
      const { user } = await admin('POST', '/admin/v1/users', { user: { email: `${fresh('user')}@test.local`, displayName: 'test', multiplier: '1', ...fields } });
      if (+balance !== 0) await make.pay(user.id, balance);
      return user;
    },
    async pay(userId, amountUsd) {
      return admin('POST', `/admin/v1/users/${userId}/adjustments`, { amountUsd, externalId: fresh('pay'), reason: 'test' });
    },
    async group(fields = {}) {
      return (await admin('POST', '/admin/v1/groups', { group: { name: fresh('group'), multiplier: '1', ...fields } })).group;
    },
    // Gets a credential of its own, by which the fake knows it: account.credential.
    async account({ group, groups = [group], credential = fresh('sk-account'), ...fields }) {
      const { account } = await admin('POST', '/admin/v1/accounts', {
        account: { name: fresh('account'), provider: 'anthropic', baseUrl: fleet.fakeUrl, groupIds: groups.map((one) => one.id), ...fields },
        credential: { kind: 'ACCOUNT_CREDENTIAL_KIND_API_KEY', secret: credential },
      });
      return { ...account, credential };
    },
    // key.secret is what clients send.
    async key({ user, group, ...fields }) {
      const { apiKey, secret } = await admin('POST', '/admin/v1/api-keys', { apiKey: { userId: user.id, groupId: group.id, name: fresh('key'), ...fields } });
      return { ...apiKey, secret };
    },
    async price(model, fields = {}) {
      const known = await list('/admin/v1/prices', 'prices');
      if (known.some((price) => price.model === model)) return model;
      await admin('POST', '/admin/v1/prices', { price: { model, displayName: model, provider: 'anthropic', effectiveAt: '2025-01-01T00:00:00Z', ...kPrice, ...fields } });
      return model;
    },
    // One user, group, account, key and whatever is given for them.
    async all({ user = {}, group = {}, accounts = [{}], key = {} } = {}) {
      const owner = await make.user(user);
      const home = await make.group(group);
      const upstreams = [];
      for (const fields of accounts) upstreams.push(await make.account({ group: home, ...fields }));
      const secret = await make.key({ user: owner, group: home, ...key });
      await make.known(secret);
      return { user: owner, group: home, accounts: upstreams, key: secret };
    },
    async settings(settings) {
      const mask = Object.keys(settings).join(',');
      await admin('PATCH', `/admin/v1/settings?updateMask=${mask}`, settings);
      await make.synced();
    },
    // Every running node knows the key, and so everything that was made before it: versions come in order.
    async known(key) {
      await Promise.all(fleet.running.map((node) => eventually(`${node.id} knows the key`, async () => {
        const answer = await request('GET', '/v1/models', { key: key.secret, url: node.url, headers: { 'anthropic-version': '2023-06-01' } });
        return answer.status === 200;
      }, 60000)));
      return key;
    },
    async synced() {
      const group = await make.group();
      make.probe ??= await make.user({ balance: '0' });
      await make.known(await make.key({ user: make.probe, group }));
    },
  };
  return make;
}
