#!/usr/bin/env node
// Checks that fake-anthropic is a faithful vendor in the eyes of the vendor's own SDK, and that its faults are faults.
//   npm install && node check.mjs ../../../build/dev/tests/fakes/fake-anthropic
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(process.env.SDK_DIR ? `${process.env.SDK_DIR}/package.json` : import.meta.url);
const Anthropic = require('@anthropic-ai/sdk').default;
const binary = process.argv[2];
if (!binary) throw new Error('usage: node check.mjs PATH_OF_FAKE_ANTHROPIC');

const fake = spawn(binary, ['--log', '50', '--threads', '2', '--key', 'sk-fake'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface({ input: fake.stdout }), 'line');
const { port } = JSON.parse(line);
const base = `http://127.0.0.1:${port}`;
const client = new Anthropic({ apiKey: 'sk-fake', baseURL: base, maxRetries: 0 });
const ask = (model, extra = {}) => ({ model, max_tokens: 1000, messages: [{ role: 'user', content: 'Tell me about mills.' }], ...extra });
const tools = [{ name: 'get_weather', description: 'Weather', input_schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] } }];
const stats = async () => (await fetch(`${base}/__fake/stats`)).json();

// A raw request: what came, with how it ended.
function raw(model, { stream = true, headers = {} } = {}) {
  return new Promise((resolve) => {
    const body = JSON.stringify(ask(model, { stream }));
    const out = { status: 0, body: '', ended: 'cut', headers: {}, times: [] };
    const request = http.request(`${base}/v1/messages`, { method: 'POST', headers: { 'x-api-key': 'sk-fake', 'anthropic-version': '2023-06-01', 'content-length': Buffer.byteLength(body), ...headers } });
    request.on('error', (error) => { out.error = error.code; resolve(out); });
    request.on('response', (response) => {
      out.status = response.statusCode; out.headers = response.headers;
      response.on('data', (piece) => { out.body += piece.toString('latin1'); out.times.push(Date.now()); });
      response.on('end', () => { out.ended = 'clean'; resolve(out); });
      response.on('error', (error) => { out.error = error.code; resolve(out); });
    });
    request.end(body);
  });
}

const tests = {
  async 'a message'() {
    const { data, response, request_id } = await client.messages.create(ask('claude-sonnet-4-5')).withResponse();
    assert.equal(data.type, 'message');
    assert.equal(data.usage.input_tokens, 5);
    assert.equal(data.usage.output_tokens, 16 + 5);
    assert.equal(data.stop_reason, 'end_turn');
    assert.match(data.content[0].text, /^The water/);
    assert.match(request_id, /^req_/);
    for (const name of ['anthropic-ratelimit-requests-remaining', 'anthropic-organization-id']) assert.ok(response.headers.get(name), name);
  },
  async 'a stream, and the same text without one'() {
    const whole = await client.messages.create(ask('claude-sonnet-4-5'));
    const types = [];
    const stream = client.messages.stream(ask('claude-sonnet-4-5')).on('streamEvent', (event) => types.push(event.type));
    const final = await stream.finalMessage();
    assert.equal(final.content[0].text, whole.content[0].text);
    assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
    assert.deepEqual(final.usage.cache_creation, { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 });
    assert.equal(types[0], 'message_start');
    assert.equal(types.at(-1), 'message_stop');
  },
  async 'max_tokens stops the answer'() {
    const message = await client.messages.create(ask('claude-haiku-4-5', { max_tokens: 3 }));
    assert.equal(message.stop_reason, 'max_tokens');
    assert.equal(message.usage.output_tokens, 3);
  },
  async 'thinking, with its signature'() {
    const final = await client.messages.stream(ask('claude-opus-5-5', { max_tokens: 5000, thinking: { type: 'enabled', budget_tokens: 2000 } })).finalMessage();
    assert.equal(final.content[0].type, 'thinking');
    assert.ok(final.content[0].signature.length > 20);
    assert.ok(final.content[0].thinking.length > 5);
    assert.equal(final.usage.output_tokens_details.thinking_tokens, 8);
    assert.equal(final.content[1].type, 'text');
  },
  async 'tool use, then the tool result'() {
    const first = await client.messages.stream(ask('fake-tool', { tools })).finalMessage();
    assert.equal(first.stop_reason, 'tool_use');
    const call = first.content.find((block) => block.type === 'tool_use');
    assert.deepEqual(call.input, { city: 'fake', days: 7 });
    const whole = await client.messages.create(ask('claude-opus-5-5', { tools, tool_choice: { type: 'tool', name: 'get_weather' } }));
    assert.equal(whole.content.at(-1).name, 'get_weather');
    const second = await client.messages.stream(ask('fake-tool', { tools, messages: [{ role: 'user', content: 'Weather?' }, { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'it "rains"' }] }] })).finalMessage();
    assert.equal(second.stop_reason, 'end_turn');
    assert.match(second.content[0].text, /The tool said: it "rains"/);
    const parallel = await client.messages.stream(ask('fake:tool=2', { tools })).finalMessage();
    assert.equal(parallel.content.filter((block) => block.type === 'tool_use').length, 2);
  },
  async 'citations'() {
    const final = await client.messages.stream(ask('fake-citations')).finalMessage();
    assert.equal(final.content[0].citations[0].type, 'char_location');
  },
  async 'steered usage, in streams and without'() {
    const model = 'fake:input=1203,output=457,cache-read=11,cache-5m=22,cache-1h=33,searches=2';
    for (const message of [await client.messages.create(ask(model)), await client.messages.stream(ask(model)).finalMessage()]) {
      const { usage } = message;
      assert.deepEqual([usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens], [1203, 457, 11, 55]);
      assert.deepEqual(usage.cache_creation, { ephemeral_5m_input_tokens: 22, ephemeral_1h_input_tokens: 33 });
      assert.equal(usage.server_tool_use.web_search_requests, 2);
    }
  },
  async 'cache_control moves tokens to the cache writes'() {
    const message = await client.messages.create(ask('claude-opus-5-5', { system: [{ type: 'text', text: 'x'.repeat(400), cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'y'.repeat(80), cache_control: { type: 'ephemeral', ttl: '1h' } }] }));
    assert.deepEqual(message.usage.cache_creation, { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 20 });
    assert.equal(message.usage.input_tokens, 5);
  },
  async 'count_tokens and models'() {
    const { messages } = ask('claude-opus-5-5');
    assert.equal((await client.messages.countTokens({ model: 'claude-opus-5-5', messages })).input_tokens, 5);
    const ids = [];
    for await (const model of client.models.list({ limit: 2 })) ids.push(model.id);
    assert.ok(ids.length >= 5 && new Set(ids).size === ids.length);
    assert.equal((await client.models.retrieve('claude-opus-5-5')).display_name, 'Claude Opus 5.5');
    await assert.rejects(client.models.retrieve('no-such'), Anthropic.NotFoundError);
  },
  async 'errors in the classes of the SDK'() {
    for (const [model, kind, type] of [['fake-400', Anthropic.BadRequestError, 'invalid_request_error'], ['fake-401', Anthropic.AuthenticationError, 'authentication_error'],
      ['fake-403', Anthropic.PermissionDeniedError, 'permission_error'], ['fake-404', Anthropic.NotFoundError, 'not_found_error'],
      ['fake-429', Anthropic.RateLimitError, 'rate_limit_error'], ['fake-500', Anthropic.InternalServerError, 'api_error'], ['fake-529', Anthropic.InternalServerError, 'overloaded_error']]) {
      const error = await client.messages.create(ask(model, { stream: true })).then(() => assert.fail(model), (problem) => problem);
      assert.ok(error instanceof kind, model);
      assert.equal(error.error.error.type, type);
      assert.equal(error.error.request_id, error.requestID);
    }
    const limited = await raw('fake-429-reset');
    assert.equal(limited.headers['retry-after'], '2');
    assert.ok(Date.parse(limited.headers['anthropic-ratelimit-tokens-reset']) > Date.now());
    const { headers } = await raw('fake-429');
    assert.equal(headers['retry-after'], undefined);
    assert.equal(headers['anthropic-ratelimit-requests-reset'], undefined);
    assert.equal(headers['anthropic-ratelimit-requests-limit'], '4000');
    assert.match((await raw('fake-502')).body, /<html>/);
  },
  async 'checks of the vendor'() {
    const post = async (headers, body) => (await fetch(`${base}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    const good = { 'x-api-key': 'sk-fake', 'anthropic-version': '2026-10-21' };
    assert.equal(await post({ ...good, 'x-api-key': 'wrong' }, ask('m')), 401);
    assert.equal(await post({ 'anthropic-version': '2026-10-21' }, ask('m')), 401);
    assert.equal(await post({ 'x-api-key': 'sk-fake' }, ask('m')), 400);
    assert.equal(await post({ 'anthropic-version': '2023-06-01', authorization: 'Bearer sk-fake' }, ask('m')), 200);
    for (const field of ['model', 'messages', 'max_tokens']) assert.equal(await post(good, { ...ask('m'), [field]: undefined }), 400, field);
    assert.equal(await post({ ...good, 'x-fake': 'no-such-word' }, ask('m')), 400);
    assert.equal(await post({ ...good, 'x-fake': 'status=503' }, ask('m')), 503);
  },
  async 'cuts'() {
    assert.equal((await raw('fake-cut-before-headers')).error, 'ECONNRESET');
    const preamble = await raw('fake-cut-after-preamble');
    assert.deepEqual([preamble.status, preamble.ended, preamble.error], [200, 'cut', 'ECONNRESET']);
    assert.match(preamble.body, /message_start/);
    assert.doesNotMatch(preamble.body, /content_block/);
    const content = await raw('fake:cut=mid-content,after=4');
    assert.equal(content.body.match(/text_delta/g).length, 4);
    assert.equal(content.ended, 'cut');
    const event = await raw('fake-cut-mid-event');
    assert.ok(event.ended === 'cut' && !event.body.endsWith('\n\n'));
    const clean = await raw('fake:cut=clean');
    assert.ok(clean.ended === 'clean' && !clean.body.includes('message_stop'));
    const half = await raw('fake-cut-mid-content', { stream: false });
    assert.equal(half.ended, 'cut');
    assert.equal((await raw('fake:cut=mid-content,rst')).error, 'ECONNRESET');
  },
  async 'error event, garbage, no usage, huge event'() {
    const failed = client.messages.stream(ask('fake-error-event'));
    await assert.rejects(failed.finalMessage(), /Overloaded/);
    assert.doesNotMatch((await raw('fake-error-event')).body, /message_stop/);
    assert.match((await raw('fake-garbage')).body, /not an event stream/);
    assert.doesNotMatch((await raw('fake-no-usage')).body, /input_tokens/);
    const huge = await client.messages.stream(ask('fake:huge-event=4MiB')).finalMessage();
    assert.ok(huge.content[0].text.length > 4 * 1024 * 1024);
  },
  async 'gzip though nobody asked'() {
    const zipped = await raw('fake-gzip', { headers: { 'accept-encoding': 'identity' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.doesNotMatch(zipped.body, /message_start/);
    const final = await client.messages.stream(ask('fake-gzip')).finalMessage();
    assert.equal(final.stop_reason, 'end_turn');
    assert.equal((await client.messages.create(ask('fake-gzip'))).stop_reason, 'end_turn');
  },
  async 'pace: headers, tokens, slices'() {
    const begun = Date.now();
    const slow = await raw('fake:headers-delay=300ms,token-delay=20ms,tokens=10');
    assert.ok(Date.now() - begun >= 490, `${Date.now() - begun}`);
    assert.ok(slow.times.length >= 10, `${slow.times.length} pieces`);
    const sliced = await raw('fake:slice=7,tokens=3');
    assert.ok(sliced.ended === 'clean' && sliced.body.includes('message_stop'));
    const paused = await raw('fake:stall-after=2,stall-for=300ms,tokens=4');
    assert.equal(paused.ended, 'clean');
  },
  async 'silent stall'() {
    const controller = new AbortController();
    let pieces = 0;
    const stream = await client.messages.create(ask('fake-stall', { stream: true }), { signal: controller.signal });
    const timer = setTimeout(() => controller.abort(), 400);
    try { for await (const event of stream) pieces += event.type === 'content_block_delta'; } catch { /* aborted */ }
    clearTimeout(timer);
    assert.equal(pieces, 3);
  },
  async 'times and only-key'() {
    const statuses = [];
    for (let i = 0; i < 3; ++i) statuses.push((await raw('fake:status=529,times=2,id=twice')).status);
    assert.deepEqual(statuses, [529, 529, 200]);
    assert.equal((await raw('fake:status=529,only-key=other')).status, 200);
  },
  async 'pipelining, chunked bodies, 100-continue, HEAD'() {
    const body = JSON.stringify(ask('claude-haiku-4-5'));
    const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: sk-fake\r\nanthropic-version: 1\r\n`;
    const pieces = `${head}transfer-encoding: chunked\r\n\r\n${(10).toString(16)}\r\n${body.slice(0, 10)}\r\n${(body.length - 10).toString(16)}\r\n${body.slice(10)}\r\n0\r\n\r\n`;
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => { text += piece; });
    socket.write(pieces + `${head}content-length: ${body.length}\r\n\r\n${body}` + 'HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await once(socket, 'close');
    assert.equal(text.match(/HTTP\/1.1 200/g).length, 2);
    assert.match(text, /HTTP\/1.1 401 [\s\S]*\r\n\r\n$/);
  },
  async 'books'() {
    await fetch(`${base}/__fake/reset?log=5`, { method: 'POST' });
    await client.messages.create(ask('fake:input=10,output=5'));
    await client.messages.stream(ask('fake:input=10,output=5')).finalMessage();
    await raw('fake:cut=mid-content,after=2,input=7');
    const books = await stats();
    assert.equal(books.total.completed, 2);
    assert.deepEqual([books.total.input_tokens, books.total.output_tokens], [20, 10]);
    const cut = books.models['fake:cut=mid-content,after=2,input=7'];
    assert.deepEqual([cut.interrupted, cut.interruptedInputTokens, cut.interruptedDeltas], [1, 7, 2]);
    const log = await (await fetch(`${base}/__fake/log`)).json();
    assert.equal(log.length, 3);
    assert.equal(JSON.parse(log[0].body).model, 'fake:input=10,output=5');
    assert.ok(log[0].headers.some(([name]) => name.toLowerCase() === 'anthropic-version'));
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
