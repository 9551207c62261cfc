// The admin API's description: valid by the field's linter, and true of the running server.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { admin, assert, env, main, test } from './lib.mjs';

const document = await (await fetch(`${env.ADMIN_URL}/openapi.json`)).json();
const operations = Object.entries(document.paths).flatMap(([where, methods]) => Object.entries(methods)
  .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
  .map(([method, operation]) => ({ where, method: method.toUpperCase(), operation })));
// Where providers send browsers back to, and where people sign in: what they bring along is the credential.
const isOpen = ({ where }) => where === '/oauth/callback' || where.startsWith('/auth/');

test('the document is OpenAPI 3.1 without a linter\'s error', () => {
  assert.equal(document.openapi.slice(0, 3), '3.1');
  const file = path.join(env.STATE_DIR, 'openapi.json');
  fs.writeFileSync(file, JSON.stringify(document));
  const linter = path.join(process.env.REDOCLY_DIR, 'node_modules/@redocly/cli/bin/cli.js');
  execFileSync(process.execPath, [linter, 'lint', file], { stdio: 'pipe', env: { ...process.env, REDOCLY_TELEMETRY: 'off' } });
});

test('every operation is there for real and denies strangers', async () => {
  assert.ok(operations.length >= 35, `${operations.length} operations`);
  for (const { where, method } of operations.filter((operation) => !isOpen(operation))) {
    const target = where.replace(/\{[^}]+\}/g, '00000000-0000-7000-8000-000000000000');
    for (const token of ['', 'wrong-token']) {
      const answer = await admin(method, target, method === 'GET' || method === 'DELETE' ? undefined : {}, { token, raw: true });
      assert.equal(answer.status, 401, `${method} ${target} with token "${token}" -> ${answer.status}`);
      assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
      assert.ok(answer.json.request_id);
    }
  }
});

test('what is open to strangers says so, and refuses what it does not know', async () => {
  const open = operations.filter(isOpen);
  for (const { operation } of open) assert.deepEqual(operation.security, []);
  const callback = open.find(({ where }) => where === '/oauth/callback');
  for (const query of ['', '?state=unknown&code=x', '?error=access_denied&state=unknown']) {
    const answer = await admin('GET', callback.where + query, undefined, { token: '', raw: true });
    assert.ok(answer.status >= 400 && answer.status < 500, `${query}: ${answer.status} ${answer.text}`);
  }
});

test('every list answers in the shape that the document promises', async () => {
  // Not streams, and not what belongs to a person: the bootstrap token is nobody.
  const isList = (o) => o.method === 'GET' && !o.where.includes('{') && !isOpen(o) && !o.where.startsWith('/admin/v1/me/')
    && o.operation.responses['200'].content['application/json'];
  // What a list cannot do without.
  const asked = { '/admin/v1/usage-reports/top': '?groupBy=USAGE_DIMENSION_MODEL' };
  for (const { where, operation } of operations.filter(isList)) {
    const answer = await admin('GET', where + (asked[where] ?? ''));
    const schema = operation.responses['200'].content['application/json'].schema;
    const named = document.components.schemas[schema.$ref.split('/').at(-1)];
    for (const field of Object.keys(answer)) assert.ok(named.properties[field], `${where} answers with ${field}, which the document does not know`);
  }
});

await main();
