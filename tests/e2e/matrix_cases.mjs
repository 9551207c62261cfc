// Every way an upstream can fail one request, and what that means. Kinds:
//   before    nothing of the answer was good: another account serves, the client sees only that one; without one, `alone`
//             is the status the client gets
//   client    the request's own fault: passed on as it is, no other account is asked
//   after     content had been passed on: what came whole stays, then one error event; nobody else is asked
//   harmless  the client gets the whole answer
//   empty     an answer without content: another account serves; without one it is passed on
// `steer` is the fake's steering of the account; `on` limits a case to streams or to whole answers.

const kStream = 'stream';
const kWhole = 'whole';
const both = (kind, steer, more = {}) => ({ kind, steer, ...more });

// Connect, time-outs, no head.
const heads = [
  both('before', 'nothing listens', { alone: 502, dead: 'closed' }),
  both('before', 'accepts and resets', { alone: 502, dead: 'refuse' }),
  both('before', 'cut=before-headers', { alone: 502 }),
  both('before', 'cut=before-headers,rst', { alone: 502 }),
  both('before', 'cut=before-headers,headers-delay=300ms', { alone: 502 }),
  both('before', 'cut=bad-head', { alone: 502 }),
  both('before', 'hang', { alone: 504 }),
  both('before', 'head-bytes=4MiB', { alone: 502 }),
  both('harmless', 'head-bytes=8KiB'),
  both('harmless', 'interim=3'),
  both('harmless', 'headers-delay=400ms'),
];

const statuses = [
  ...[400, 404, 413, 422].map((status) => both('client', `status=${status}`, { alone: status })),
  ...[401, 402, 403].map((status) => both('before', `status=${status}`, { alone: 502 })),
  ...[408, 429, 500, 502, 503, 504, 529].map((status) => both('before', `status=${status}`, { alone: status })),
  both('before', 'status=429,retry-after=7,reset=7', { alone: 429, retryAfter: '7' }),
  both('before', 'status=503,html', { alone: 503 }),
  both('before', 'status=500,gzip', { alone: 500 }),
  both('client', 'status=400,slice=1', { alone: 400 }),
];

// The body is none.
const bodies = [
  both('before', 'html', { alone: 502 }),
  both('before', 'garbage', { alone: 502 }),
  both('before', 'as-json', { alone: 502, on: kStream }),
  both('before', 'as-stream', { alone: 502, on: kWhole }),
  both('before', 'content-type=text/plain', { alone: 502, on: kStream }),
  both('harmless', 'content-type=text/plain', { on: kWhole }),
  both('empty', 'empty'),
  both('empty', 'tokens=0'),
  both('harmless', 'gzip'),
  both('harmless', 'slice=1,tokens=3'),
  both('harmless', 'trailing'),
  both('harmless', 'close-after'),
  both('harmless', 'until-close'),
  both('harmless', 'no-usage'),
  both('harmless', 'raw-output=-5', { oddUsage: true }),
  both('harmless', 'raw-input=9223372036854775808,raw-output=18446744073709551615', { oddUsage: true }),
  both('harmless', 'raw-output="many"', { oddUsage: true }),
  both('harmless', 'input=9223372036854775807', { oddUsage: true }),
];

// Before the first content of a stream; whole answers that break off are the same to a client.
const early = [
  both('before', 'cut=after-headers', { alone: 502 }),
  both('before', 'cut=after-preamble', { alone: 502, on: kStream }),
  both('before', 'cut=mid-content,after=0', { alone: 502 }),
  both('before', 'cut=mid-content,at-event=1,rst', { alone: 502, on: kStream }),
  both('before', 'cut=clean,after=0', { alone: 502 }),
  both('before', 'cut=bad-chunk,after=0', { alone: 502, on: kStream }),
  both('before', 'stall,after=0', { alone: 504 }),
  both('before', 'stall-after=0', { alone: 504 }),
  both('before', 'stall,at-event=0', { alone: 504, on: kStream }),
  both('before', 'endless=pings,after=0', { alone: 504, on: kStream }),
  both('before', 'endless=comments,after=0', { alone: 504, on: kStream }),
  both('before', 'endless=text,huge-event=1MiB', { alone: 502, on: kWhole }),
  both('before', 'first-delay=8s', { alone: 504 }),
  both('before', 'error-event=overloaded_error,at-event=0', { alone: 529 }),
  both('before', 'error-event=overloaded_error,at-event=1', { alone: 529, on: kStream }),
  both('before', 'error-event=rate_limit_error,after=0', { alone: 429 }),
  both('before', 'error-event=api_error,at-event=2', { alone: 500, on: kStream }),
  both('client', 'error-event=invalid_request_error,at-event=1', { alone: 400 }),
  both('before', 'cut=mid-content,until-close,after=0', { alone: 502, on: kStream }),
  both('before', 'gzip,cut=mid-content,after=0', { alone: 502, on: kStream }),
  both('before', 'cut=mid-content', { alone: 502, on: kWhole }),
  both('before', 'cut=mid-content,rst', { alone: 502, on: kWhole }),
  both('before', 'cut=clean', { alone: 502, on: kWhole }),
  both('before', 'stall', { alone: 504, on: kWhole }),
  both('before', 'cut-at=1', { alone: 502 }),
];

// After the first content, paced so that it has been passed on when the fault strikes.
const late = [
  ...['cut=mid-content', 'cut=mid-content,rst', 'cut=mid-event', 'cut=mid-event,rst', 'cut=clean', 'cut=bad-chunk', 'stall',
    'error-event=overloaded_error', 'error-event=invalid_request_error', 'endless=pings', 'endless=comments',
    'cut=mid-content,until-close', 'cut=clean,gzip', 'cut=mid-content,crlf', 'cut=mid-content,junk', 'cut=mid-content,slice=1', 'double-start,cut=mid-content']
    .map((steer) => both('after', `${steer},after=4,token-delay=15ms`, { on: kStream })),
  both('after', 'cut=mid-content,at-event=16', { on: kStream, note: 'between message_delta and message_stop' }),
  both('after', 'huge-event=2MiB,cut=mid-content,after=1', { on: kStream }),
];

const streams = [
  ...['junk', 'crlf', 'junk,crlf,slice=3', 'double-end', 'late-usage', 'double-end,late-usage', 'pings=50', 'huge-event=4MiB', 'thinking',
    'token-delay=30ms', 'stall-after=3,stall-for=500ms', 'gzip,slice=1', 'cut=mid-content,at-event=99', 'cut=mid-content,rst,at-event=99', 'stall,at-event=99']
    .map((steer) => both('harmless', steer, { on: kStream })),
  both('harmless', 'huge-event=4MiB', { on: kWhole }),
];

export const cases = [...heads, ...statuses, ...bodies, ...early, ...late, ...streams]
  .flatMap((one) => [true, false].filter((stream) => !one.on || (one.on === kStream) === stream).map((stream) => ({ ...one, stream })));
