// A small test runner and the clients the end-to-end tests share. Node >= 18, no dependencies but the SDK under test.
// The running system is found through the environment (tests/e2e/run sets it, or fleet.mjs):
//   GATEWAY_URL GATEWAY_KEY ADMIN_URL ADMIN_TOKEN FAKE_URL DATAPLANE_ADMIN_URL STATE_DIR
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';

export { assert };
export const env = new Proxy({}, {
  get(_, name) {
    if (!process.env[name]) throw new Error(`${name} is not set; run tests/e2e/run`);
    return process.env[name];
  },
});

const cases = [];
export const test = (name, run) => cases.push({ name, run });

// Runs the collected tests in order and ends the process.
export async function main() {
  const wanted = process.argv[2];
  let passed = 0;
  let failed = 0;
  for (const { name, run } of cases) {
    if (wanted && !name.includes(wanted)) continue;
    const started = Date.now();
    try {
      await run();
      passed++;
      console.log(`ok    ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).replaceAll('\n', '\n      ')}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until `probe` gives something true; the last error or value is in the failure.
export async function eventually(what, probe, limitMs = 20000) {
  const end = Date.now() + limitMs;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what} did not happen within ${limitMs} ms; last: ${last?.message ?? JSON.stringify(last)}`);
    await sleep(50);
  }
}

// The admin API as JSON. Throws on anything but 2xx unless `raw`. A caller told to slow down does.
export async function admin(method, path, body, { token = env.ADMIN_TOKEN, raw = false } = {}) {
  const answer = await fetch(env.ADMIN_URL + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  if (answer.status === 429 && !raw) {
    await sleep(1000 * Number(answer.headers.get('retry-after') ?? 1));
    return admin(method, path, body, { token });
  }
  let json;
  try { json = JSON.parse(text); } catch { json = null; }
  if (raw) return { status: answer.status, headers: answer.headers, text, json };
  if (!answer.ok) throw new Error(`${method} ${path} -> ${answer.status} ${text}`);
  return json;
}

export async function list(path, field) {
  const all = [];
  let token = '';
  do {
    const page = await admin('GET', `${path}${path.includes('?') ? '&' : '?'}pageSize=500${token ? `&pageToken=${encodeURIComponent(token)}` : ''}`);
    all.push(...(page[field] ?? []));
    token = page.nextPageToken ?? '';
  } while (token);
  return all;
}

// A raw request over a socket of its own: exact bytes in, exact bytes out.
export function raw(bytes, { until = 'close', timeoutMs = 20000, url = env.GATEWAY_URL, pieces = [] } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const got = [];
    const socket = net.connect(+port, hostname, async () => {
      socket.write(bytes);
      for (const piece of pieces) { await sleep(20); socket.write(piece); }
    });
    socket.setTimeout(timeoutMs, () => { socket.destroy(); });
    socket.on('data', (data) => {
      got.push(data);
      if (typeof until === 'function' && until(Buffer.concat(got).toString('latin1'))) socket.destroy();
    });
    socket.on('error', () => { });
    socket.on('close', () => resolve(Buffer.concat(got).toString('utf8')));
  });
}

// One HTTP request that shows status, headers, text and whether the body ended as its framing says.
export function request(method, path, { headers = {}, body, key = env.GATEWAY_KEY, url = env.GATEWAY_URL, onData } = {}) {
  const target = new URL(path, url);
  return new Promise((resolve) => {
    const out = { status: 0, headers: {}, text: '', complete: false, error: null };
    const call = http.request(target, { method, agent: false, headers: { ...(key ? { 'x-api-key': key } : {}), ...headers } }, (answer) => {
      out.status = answer.statusCode;
      out.headers = answer.headers;
      answer.on('data', (data) => { out.text += data; onData?.(out, call); });
      answer.on('end', () => { out.complete = answer.complete; resolve(out); });
      answer.on('error', (error) => { out.error = error.code ?? error.message; resolve(out); });
    });
    call.on('error', (error) => { out.error = error.code ?? error.message; resolve(out); });
    call.end(body);
  });
}

export const anthropicHeaders = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };

export function message(model, extra = {}) {
  return { model, max_tokens: 256, messages: [{ role: 'user', content: 'Say hello to the tests.' }], ...extra };
}

export const post = (body, options = {}) => request('POST', '/v1/messages', {
  ...options,
  headers: { ...anthropicHeaders, ...options.headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});

// The events of a stream as { event, data }. `tolerant`: data that does not parse is left out.
export function events(text, { tolerant = false } = {}) {
  const parsed = (data) => {
    try { return JSON.parse(data); } catch (error) {
      if (!tolerant) throw error;
      return undefined;
    }
  };
  const blocks = text.split(/\r?\n\r?\n/).map((block) => block.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith(':')));
  return blocks.filter((lines) => lines.length > 0).map((lines) => {
    const fields = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
    return { event: fields.event, data: fields.data ? parsed(fields.data) : undefined };
  });
}

// Gives a model a price (USD per million tokens), once, and waits until the gateway serves it.
export async function priced(model) {
  const known = await list('/admin/v1/prices', 'prices');
  if (!known.some((price) => price.model === model)) {
    await admin('POST', '/admin/v1/prices', {
      price: { model, displayName: model, provider: 'anthropic', effectiveAt: '2025-01-01T00:00:00Z',
        input: '3', output: '15', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', perRequest: '0' },
    });
  }
  await eventually(`the gateway serves ${model}`, async () => (await modelIds()).includes(model));
  return model;
}

export async function modelIds() {
  const answer = await request('GET', '/v1/models?limit=1000', { headers: { 'anthropic-version': '2023-06-01' } });
  return JSON.parse(answer.text).data.map((model) => model.id);
}

// The usage rows of one model, once there are `count` of them.
export const usageOf = (model, count) => eventually(`${count} usage rows of ${model}`, async () => {
  const rows = (await list('/admin/v1/usage-events', 'usageEvents')).filter((row) => row.requestedModel === model);
  if (rows.length > count) throw new Error(`${rows.length} rows of ${model}, ${count} expected`);
  return rows.length === count && rows;
});

// Waits until every node's journal is empty: nothing is on its way to the books any more.
export const usageSettled = () => eventually('all usage has been reported', async () => {
  const text = await (await fetch(`${env.DATAPLANE_ADMIN_URL}/metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith('sluice_journal_records '));
  return line && +line.split(' ')[1] === 0;
});

// Fails unless the books balance: every invariant of the ledger holds.
export async function checkBooks() {
  const check = await admin('GET', '/admin/v1/ledger-check');
  assert.deepEqual(check.drifts ?? [], [], 'the ledger drifts');
  assert.equal(check.balanced ?? check.ok, true, JSON.stringify(check));
}
