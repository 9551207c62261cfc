// Many clients at once over keep-alive connections: exact bytes, exact ends, and times of every answer.
import http from 'node:http';
import { events, message } from './lib.mjs';

export const keepAlive = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4096 });

// One request. `onData(answer, call)` may end it with call.destroy(). The answer: status, headers, body (Buffer), text,
// complete (its framing ended as announced), error, and ms of start, head, first byte, end.
export function send({ url, key, model = 'claude-haiku-4-5', stream = false, body, text, headers = {}, agent = keepAlive, onData, timeoutMs = 120000, path = '/v1/messages' }) {
  const content = text === undefined ? {} : { messages: [{ role: 'user', content: text }] };
  const bytes = Buffer.from(body ?? JSON.stringify(message(model, { stream, ...content })));
  return new Promise((resolve) => {
    const pieces = [];
    const answer = { status: 0, headers: {}, complete: false, error: null, stream, startMs: Date.now() };
    let over = false;
    // A client that leaves has not seen the end, though its parser may have had it already.
    const leave = () => { answer.gone = true; call.destroy(); };
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(limit);
      answer.endMs = Date.now();
      answer.body = Buffer.concat(pieces);
      resolve(answer);
    };
    Object.defineProperty(answer, 'text', { get: () => Buffer.concat(pieces).toString('utf8') });
    const call = http.request(url + path, {
      method: 'POST', agent,
      headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'content-length': bytes.length, ...headers },
    }, (reply) => {
      answer.status = reply.statusCode;
      answer.headers = reply.headers;
      answer.headMs = Date.now();
      reply.on('data', (piece) => {
        answer.firstByteMs ??= Date.now();
        pieces.push(piece);
        onData?.(answer, { destroy: leave });
      });
      reply.on('end', () => { answer.complete = reply.complete && !answer.gone; end(); });
      reply.on('error', (error) => { answer.error ??= error.code ?? error.message; end(); });
      reply.on('close', end);
    });
    const limit = setTimeout(() => { answer.error = 'client time-out'; call.destroy(); }, timeoutMs);
    call.on('error', (error) => { answer.error ??= error.code ?? error.message; end(); });
    call.end(bytes);
  });
}

// Sends all of them, at most `parallel` at once, in order; the answers in the same order.
export async function sendAll(requests, { parallel = requests.length, onAnswer } = {}) {
  const answers = Array(requests.length);
  let next = 0;
  const client = async () => {
    while (next < requests.length) {
      const mine = next++;
      answers[mine] = await send(requests[mine]);
      onAnswer?.(answers[mine], mine);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, requests.length) }, client));
  return answers;
}

// Loops of clients that go on until stop(): { answers, stop() }. `next(i)` gives the i-th request.
export function load(clients, next, { pauseMs = 0 } = {}) {
  const state = { answers: [], stopped: false };
  let sent = 0;
  const loop = async () => {
    while (!state.stopped) {
      const answer = await send(next(sent++));
      state.answers.push(answer);
      const rest = answer.status === 200 ? pauseMs : Math.max(pauseMs, 20);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
  };
  const done = Promise.all(Array.from({ length: clients }, loop));
  state.stop = async () => { state.stopped = true; await done; return state.answers; };
  return state;
}

// Whether the client saw a whole good answer.
export function whole(answer) {
  if (answer.status !== 200 || !answer.complete) return false;
  if (!answer.stream) return JSON.parse(answer.text).type === 'message';
  return answer.text.includes('event: message_stop');
}

// What is wrong with a stream, for a client that reads strictly; nothing if `null`. Cut or not, a stream has at most one
// message_start, first; at most one terminal event, last; and only one of message_stop and error. `tolerant` readers pass over
// events that do not parse.
export function problemOf(answer, { tolerant = false } = {}) {
  const { text } = answer;
  let all;
  try { all = events(text, { tolerant }).filter((event) => event.event || event.data); } catch (error) { return `an event does not parse: ${error.message}`; }
  const real = all.filter((event) => event.event && event.event !== 'ping');
  for (const event of real) {
    if (event.data?.type !== event.event) return `event ${event.event} carries ${event.data?.type}`;
  }
  const names = real.map((event) => event.event);
  const count = (name) => names.filter((one) => one === name).length;
  if (count('message_start') > 1) return 'a second message_start';
  if (count('message_start') === 1 && names[0] !== 'message_start') return 'message_start is not the first event';
  const terminal = count('message_stop') + count('error');
  if (terminal > 1) return 'more than one terminal event';
  if (terminal === 1 && !['message_stop', 'error'].includes(names.at(-1))) return 'something follows the terminal event';
  if (count('message_stop') === 1 && count('message_start') === 0) return 'an end without a start';
  if (answer.complete && terminal === 0) return 'the body ends cleanly without a terminal event';
  return null;
}
