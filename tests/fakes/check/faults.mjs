// The faults and the books per caller, without an SDK. node faults.mjs PATH_OF_FAKE_ANTHROPIC
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';

const binary = process.argv[2];
if (!binary) throw new Error('usage: node faults.mjs PATH_OF_FAKE_ANTHROPIC');
const fake = spawn(binary, ['--log', '50'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface({ input: fake.stdout }), 'line');
const { port } = JSON.parse(line);
const base = `http://127.0.0.1:${port}`;
const page = async (path, method = 'GET', body = undefined) => (await fetch(base + path, { method, body })).json();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Sends one request over a socket of its own; gives all bytes and how the connection ended: fin, rst or open.
function ask(steering, { stream = true, key = 'k', waitMs = 1500, text = 'Hello', close = true, stopMs = 0 } = {}) {
  const body = JSON.stringify({ model: steering ? `fake:${steering}` : 'm', max_tokens: 1000, stream, messages: [{ role: 'user', content: text }] });
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\nanthropic-version: 1\r\n${close ? 'connection: close\r\n' : ''}content-length: ${body.length}\r\n\r\n`;
  return new Promise((resolve) => {
    const out = { text: '', ended: 'open' };
    const socket = net.connect(port, '127.0.0.1', () => socket.write(head + body));
    socket.on('data', (piece) => { out.text += piece.toString('latin1'); });
    if (stopMs > 0) setTimeout(() => socket.destroy(), stopMs);
    socket.on('end', () => { out.ended = 'fin'; });
    socket.on('error', (error) => { out.ended = error.code === 'ECONNRESET' ? 'rst' : error.code; });
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.on('close', () => { [out.head, out.body] = [out.text.split('\r\n\r\n')[0], out.text.slice(out.text.indexOf('\r\n\r\n') + 4)]; resolve(out); });
  });
}
const count = (text, what) => text.split(what).length - 1;
// The pieces of a chunked body, joined.
function unchunked(body) {
  let out = '';
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.slice(at, end), 16);
    if (!(size > 0)) return out;
    out += body.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
const names = (answer) => [...unchunked(answer.body).matchAll(/^event: (\w+)/gm)].map((found) => found[1]);

const tests = {
  async 'no answer at all'() {
    assert.deepEqual((({ text, ended }) => [text, ended])(await ask('hang', { waitMs: 300 })), ['', 'open']);
    assert.deepEqual((({ text, ended }) => [text, ended])(await ask('cut=before-headers,rst')), ['', 'rst']);
    assert.match((await ask('cut=bad-head')).text, /not HTTP/);
    await page('/__fake/refuse?next=2&rst=1', 'POST');
    for (let i = 0; i < 2; ++i) assert.notEqual((await ask('')).ended, 'fin');
    assert.match((await ask('')).text, /message_stop/);
  },
  async 'statuses, bodies, headers'() {
    for (const status of [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529]) {
      const answer = await ask(`status=${status}`);
      assert.match(answer.head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.equal(JSON.parse(answer.body).type, 'error');
    }
    assert.equal(JSON.parse((await ask('status=400,message=credit balance too low,error-type=billing_error')).body).error.message, 'credit balance too low');
    const limited = await ask('status=429,reset=30,exhausted=input-tokens');
    assert.match(limited.head, /anthropic-ratelimit-input-tokens-remaining: 0/);
    assert.ok(Math.abs(+limited.head.match(/unified-reset: (\d+)/)[1] - Date.now() / 1000 - 30) < 3);
    await page('/__fake/accounts/h', 'POST', 'header=anthropic-ratelimit-unified-5h-reset:{unix+60};header=x-when:at {rfc3339+60}.;head-bytes=70KiB;interim=2');
    const headed = await ask('', { key: 'h' });
    assert.ok(Math.abs(+headed.text.match(/5h-reset: (\d+)/)[1] - Date.now() / 1000 - 60) < 3);
    assert.ok(Math.abs(Date.parse(headed.text.match(/x-when: at (.*)\./)[1]) - Date.now() - 60000) < 3000);
    assert.ok(headed.text.indexOf('message_start') > 70 * 1024);
    assert.equal(count(headed.text, 'HTTP/1.1 103'), 2);
  },
  async 'the wrong kind of body'() {
    assert.match((await ask('html')).head, /200 OK[\s\S]*text\/html/);
    assert.match((await ask('status=502,html')).body, /<html>/);
    assert.equal(JSON.parse((await ask('as-json')).body).type, 'message');
    assert.match((await ask('as-stream', { stream: false })).body, /message_stop/);
    assert.match((await ask('content-type=text/plain')).head, /content-type: text\/plain/);
    assert.equal(JSON.parse((await ask('error-event', { stream: false })).body).error.type, 'overloaded_error');
    const zipped = await ask('gzip', { stream: false });
    assert.equal(JSON.parse(gunzipSync(Buffer.from(zipped.body, 'latin1'))).type, 'message');
    assert.match((await ask('status=400,gzip')).head, /content-encoding: gzip/);
    for (const stream of [true, false]) {
      const open = await ask('until-close,tokens=3', { stream });
      assert.ok(!/content-length|transfer-encoding/.test(open.head) && open.ended === 'fin');
      assert.match(open.body, /end_turn/);
    }
  },
  async 'faults at an event'() {
    const all = names(await ask('tokens=3'));
    assert.deepEqual(all, ['message_start', 'ping', 'content_block_start', ...Array(3).fill('content_block_delta'), 'content_block_stop', 'message_delta', 'message_stop']);
    for (let at = 0; at <= all.length; ++at) {
      const cut = await ask(`tokens=3,cut=mid-content,at-event=${at}`);
      assert.deepEqual(names(cut), all.slice(0, at), `cut at ${at}`);
      assert.ok(!cut.text.endsWith('0\r\n\r\n') && cut.ended === 'fin');
    }
    // Node shows a reset right behind data as an end.
    assert.notEqual((await ask('tokens=3,cut=mid-content,at-event=4,rst')).ended, 'open');
    assert.deepEqual(names(await ask('error-event=rate_limit_error,at-event=0')), ['error']);
    assert.deepEqual(names(await ask('error-event,at-event=2')), ['message_start', 'ping', 'error']);
    assert.deepEqual(names(await ask('error-event,after=0')), ['message_start', 'ping', 'error']);
    for (const steering of ['stall,at-event=1', 'stall-after=0', 'stall,after=2', 'stall,at-event=0']) {
      const stalled = await ask(steering, { waitMs: 300 });
      assert.ok(stalled.ended === 'open' && !stalled.text.includes('message_stop'), steering);
    }
    assert.match((await ask('cut=bad-chunk,after=2')).body, /so much/);
    assert.ok((await ask('stall', { stream: false, waitMs: 300 })).body.length > 20);
    assert.equal((await ask('stall,after=0', { stream: false, waitMs: 300 })).body.length, 0);
  },
  async 'cut at a byte'() {
    for (const stream of [true, false]) {
      for (const at of [0, 1, 17, 100]) {
        const cut = await ask(`cut-at=${at}`, { stream });
        assert.deepEqual([cut.body.length, cut.ended], [at, 'fin']);
      }
      assert.notEqual((await ask('cut-at=30,rst', { stream })).ended, 'open');
    }
  },
  async 'without an end'() {
    for (const [kind, what] of [['pings,after=0', 'event: ping'], ['comments,after=3', ': still there'], ['text', 'content_block_delta']]) {
      const endless = await ask(`endless=${kind}`, { stopMs: 400 });
      assert.ok(count(endless.text, what) >= 10, `${kind}: ${count(endless.text, what)}`);
      assert.ok(!endless.text.includes('message_stop'));
    }
    assert.ok(count((await ask('endless=text,token-delay=1ms', { stream: false, stopMs: 300 })).text, 'for ever') > 20);
  },
  async 'shapes a reader must bear'() {
    assert.deepEqual(names(await ask('empty')), ['message_start', 'ping', 'message_delta', 'message_stop']);
    assert.deepEqual(JSON.parse((await ask('empty', { stream: false })).body).content, []);
    assert.equal(count((await ask('crlf,tokens=2')).body, 'message_stop"}\r\n\r\n'), 1);
    const junk = unchunked((await ask('junk,tokens=9')).body);
    for (const what of [': a comment', 'vendor_news', 'a line of nonsense', 'retry: 100', 'message_stop']) assert.ok(junk.includes(what), what);
    assert.equal(count((await ask('double-start')).body, 'event: message_start'), 2);
    assert.equal(count((await ask('double-end')).body, 'event: message_stop'), 2);
    assert.match((await ask('late-usage')).body, /message_stop[\s\S]*999999/);
    for (const stream of [true, false]) {
      const { body } = await ask('raw-input=-5,raw-output=9223372036854775808', { stream });
      assert.match(body, /"input_tokens":-5,[\s\S]*"output_tokens":9223372036854775808[,}]/);
    }
    assert.match((await ask('trailing', { stream: false })).text, /"}}?HTTP\/1.1 200 OK[\s\S]*STALE$/);
    const closed = await ask('close-after', { stream: false, close: false });
    assert.ok(closed.ended === 'fin' && /keep-alive/.test(closed.head) && closed.body.endsWith('}'));
    assert.match((await ask('slice=9', { stream: false })).body, /end_turn/);
  },
  async 'steering by credential'() {
    const status = async (key, steering = '') => +(await ask(steering, { key })).text.slice(9, 12);
    await page('/__fake/accounts/bad%3Aone', 'POST', 'status=529');
    assert.deepEqual([await status('bad:one'), await status('good'), await status('bad:one')], [529, 200, 529]);
    await page('/__fake/accounts/bad%3Aone', 'POST', 'status=500,times=1');
    assert.deepEqual([await status('bad:one'), await status('bad:one')], [500, 200]);
    await page('/__fake/accounts/bad%3Aone', 'DELETE');
    assert.equal(await status('bad:one'), 200);
    assert.equal(await status('sk-fake:status=403;retry-after=1'), 403);
    await page('/__fake/accounts/mixed', 'POST', 'cut=mid-content,after=2');
    assert.equal(count((await ask('tokens=7', { key: 'mixed' })).body, 'text_delta'), 2);
    assert.equal((await page('/__fake/accounts/x', 'POST', 'no-such-word')).error, "fake: unknown steering 'no-such-word'");
    await page('/__fake/accounts', 'DELETE');
    assert.equal(await status('mixed'), 200);
  },
  async 'books by credential and tag'() {
    await page('/__fake/reset?log=50', 'POST');
    const slow = (key, tag) => ask('token-delay=30ms,tokens=10,input=4', { key, text: `#tag:${tag}# hi #tag:all#` });
    const running = [slow('a', 'u1'), slow('a', 'u2'), slow('b', 'u1')];
    await sleep(100);
    const during = await page('/__fake/accounts');
    assert.deepEqual([during.accounts.a.open, during.accounts.b.open, during.tags.u1.open, during.tags.all.open], [2, 1, 2, 3]);
    await Promise.all(running);
    await ask('status=429', { key: 'b' });
    await ask('stall', { key: 'b', waitMs: 100 });
    await sleep(100);
    const { accounts, tags } = await page('/__fake/accounts');
    assert.deepEqual([accounts.a.open, accounts.a.peakOpen, accounts.a.completed, accounts.a.inputTokens], [0, 2, 2, 8]);
    assert.deepEqual([accounts.b.requests, accounts.b.byStatus, accounts.b.peerLeft, accounts.b.open], [3, { 200: 2, 429: 1 }, 1, 0]);
    assert.deepEqual([tags.u1.peakOpen, tags.u2.peakOpen, tags.all.peakOpen, tags.all.requests], [2, 1, 3, 3]);
    const calls = await page('/__fake/calls');
    assert.deepEqual(calls.map((call) => [call.account, call.status, call.end]),
      [['a', 200, 'completed'], ['a', 200, 'completed'], ['b', 200, 'completed'], ['b', 429, 'interrupted'], ['b', 200, 'peer-left']]);
    assert.equal((await page(`/__fake/calls?since=${calls[2].number}`)).length, 2);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
  } catch (error) {
    ++failed;
    console.log(`FAIL ${name}: ${error.stack}`);
  }
}
fake.kill();
console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
