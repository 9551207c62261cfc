// Runs every case of http1_cases.json against a server that is up: node http1.mjs HOST:PORT
// A case holds raw bytes and what they deserve: accept, reject, desync (no second answer), policy or either.
// No dependencies. Exit code 1 if a case fails.
import { readFileSync } from 'node:fs';
import net from 'node:net';

const PATIENCE_MS = 8000;
const AT_ONCE = 8;
// Answers of the framing layer; everything else, 404 and 401 too, comes from a handler that got the request.
const FRAMING = new Set([400, 408, 411, 413, 414, 415, 417, 431, 501, 505]);

function readChunks(bytes, at) {
  for (;;) {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if (end < 0) return -1;
    const size = parseInt(bytes.toString('latin1', at, end), 16);
    at = end + 2 + size + 2;
    if (Number.isNaN(size) || at > bytes.length) return -1;
    if (size === 0) return at;
  }
}

// The final answers in `bytes`; `rest` is true if something stands behind them that is no whole answer.
function parseAnswers(bytes, isHead) {
  const answers = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) return { answers, rest: true };
    const head = bytes.toString('latin1', at, end).toLowerCase();
    const status = /^http\/1\.1 (\d{3})( |\r|$)/.exec(head);
    if (!status) return { answers, rest: true };
    at = end + 4;
    if (status[1] === '100') continue;
    const length = /\r\ncontent-length: *(\d+)/.exec(head);
    if (!isHead && length) at += Number(length[1]);
    if (!isHead && /\r\ntransfer-encoding: *chunked/.test(head)) at = readChunks(bytes, at);
    if (at < 0 || at > bytes.length) return { answers, rest: true };
    answers.push(Number(status[1]));
  }
  return { answers, rest: false };
}

// Sends the bytes. After the first answer our side is ended, unless the server is expected to close by itself.
function exchange(host, port, raw, mustClose) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, allowHalfOpen: true });
    const isHead = raw.subarray(0, 5).toString('latin1') === 'HEAD ';
    let received = Buffer.alloc(0);
    const done = (closed, error) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...parseAnswers(received, isHead), closed, error });
    };
    const timer = setTimeout(() => done(false), PATIENCE_MS);
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(raw));
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (!mustClose && parseAnswers(received, isHead).answers.length > 0) socket.end();
    });
    socket.on('end', () => done(true));
    socket.on('error', (error) => done(true, error.code));
  });
}

// What is wrong with the outcome; empty if nothing is.
function judge(want, { answers, rest, closed, error }) {
  const seen = `answers [${answers}]${rest ? ' and more bytes' : ''}, ${closed ? 'closed' : 'open'}${error ? ' ' + error : ''}`;
  if (answers.length !== 1 || rest) return `expected one answer; ${seen}`;
  if (!closed) return `expected the connection to end; ${seen}`;
  if (want === 'accept' && FRAMING.has(answers[0])) return `expected to be accepted; ${seen}`;
  if (want === 'reject' && (answers[0] < 400 || error)) return `expected to be refused; ${seen}`;
  return '';
}

async function main() {
  const [host, port] = (process.argv[2] ?? '').split(':');
  if (!host || !port) {
    console.error('usage: node http1.mjs HOST:PORT');
    process.exit(2);
  }
  const cases = JSON.parse(readFileSync(new URL('./http1_cases.json', import.meta.url), 'utf8'));
  const failures = [];
  const queue = cases.values();
  const runner = async () => {
    for (const { id, want, why, raw } of queue) {
      const outcome = await exchange(host, Number(port), Buffer.from(raw, 'latin1'), want === 'reject');
      const problem = judge(want, outcome);
      if (problem) failures.push(`${id} (${want}: ${why}): ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  for (const failure of failures) console.log(`FAILED ${failure}`);
  console.log(`${cases.length - failures.length} passed, ${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}

await main();
