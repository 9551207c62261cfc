// What a request asks the fake vendor to do: numbers, shapes and faults. Plain data, thread-safe to parse.
//
// Grammar: items parted by ';' or ','; an item is a word or word=value; blanks around are ignored; unknown words are an
// error, answered with 400. Written in the header "x-fake: ...", or as the model name "fake:...". Names such as
// "fake-429" stand for a ready-made text (kNamedSteering in steering.cc). Durations: 500ms, 2s, or plain milliseconds.
// Sizes: 4MiB, 64KiB, or plain bytes. The same words steer a credential: POST /__fake/accounts/{credential}, or the
// credential "sk-fake:..." itself; they are laid over what the request asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fakes {

enum class Cut : std::uint8_t {
  kNone,
  kBeforeHeaders,
  kBadHead,  // bytes that are no HTTP, then the end
  kAfterHeaders,
  kAfterPreamble,
  kMidContent,
  kMidEvent,
  kBadChunk,  // a chunk size that is none
  kClean,     // a well framed end without the terminal event
};
// What a stream says for ever.
enum class Endless : std::uint8_t { kNone, kPings, kComments, kText };

struct Steering {
  int status = 200;                          // status=529: an error answer of that status
  std::string error_type;                    // error-type=overloaded_error: instead of the one that fits the status
  std::string message;                       // message=some words: of an error, instead of the one that fits
  std::optional<int> retry_after_s;          // retry-after=2
  std::optional<int> reset_s;                // reset=30: anthropic-ratelimit-*-reset headers, so many seconds from now
  std::string exhausted;                     // exhausted=input-tokens: that limit's -remaining is 0
  std::optional<bool> should_retry;          // should-retry=false: the x-should-retry header
  std::vector<std::string> headers;          // header=name:value, any number; {unix+30} {rfc3339+30}: times from now
  std::uint64_t head_bytes = 0;              // head-bytes=70KiB: one header of that length
  std::uint32_t interim = 0;                 // interim=2: so many 103 heads first
  std::string content_type;                  // content-type=text/plain: instead of the right one
  std::uint32_t headers_delay_ms = 0;        // headers-delay=500ms
  std::uint32_t first_delay_ms = 0;          // first-delay=1s: after the headers, before message_start
  std::uint32_t token_delay_ms = 0;          // token-delay=20ms: before every delta
  std::uint32_t stall_for_ms = 0;            // stall-for=3s: the stall ends after that; without it never
  std::optional<std::uint32_t> tokens;       // tokens=50: deltas of the answer, and its output tokens
  std::optional<std::uint32_t> stall_after;  // stall-after=3: silence after three deltas, 0: after message_start
  // Where cut, error-event, stall, endless and garbage strike: after so many deltas (after=4; default: half-way; 0 is
  // after message_start, for a cut before the first delta), or after so many events of any kind (at-event=1).
  std::optional<std::uint32_t> after, at_event;
  // cut=before-headers|bad-head|after-headers|after-preamble|mid-content|mid-event|bad-chunk|clean
  Cut cut = Cut::kNone;
  std::optional<std::uint64_t> cut_at;  // cut-at=100: the connection ends after so many bytes of the body as framed
  bool reset_connection = false;        // rst: a cut is a TCP reset instead of an early end
  bool hang = false;                    // hang: not one byte of answer, for ever
  bool stall = false;                   // stall: silence for ever, at the place where faults strike
  Endless endless = Endless::kNone;     // endless=pings|comments|text, every token-delay (10 ms if none)
  bool garbage = false;                 // garbage: the body is not JSON and not an event stream
  bool html = false;                    // html: a page of HTML instead of any body
  bool as_json = false;                 // as-json: JSON although a stream was asked for
  bool as_stream = false;               // as-stream: a stream although JSON was asked for
  bool until_close = false;      // until-close: neither a length nor chunks, the end of the connection ends the body
  std::string error_event;       // error-event or error-event=api_error: `event: error`, or its JSON with 200
  bool gzip = false;             // gzip: content-encoding gzip whatever was asked for
  bool crlf = false;             // crlf: lines of the stream end with CR LF
  bool junk = false;             // junk: comments, unknown events and fields, and lines of nonsense in between
  bool double_start = false;     // double-start: message_start again after the first delta
  bool double_end = false;       // double-end: message_stop twice
  bool late_usage = false;       // late-usage: a message_delta with other usage after message_stop
  bool trailing = false;         // trailing: another, wrong response right behind this one
  bool close_after = false;      // close-after: the connection ends after the answer, which did not say so
  std::uint64_t huge_event = 0;  // huge-event=4MiB: one delta carries so many bytes of text
  bool empty = false;            // empty: a whole answer without any content
  bool no_usage = false;         // no-usage
  std::string raw_input, raw_output;  // raw-output=-5: written into the usage as it is
  std::optional<std::uint64_t> input, output, cache_read, cache_5m, cache_1h;  // input=, output=, cache-read=, ...
  std::uint64_t searches = 0;       // searches=2: usage.server_tool_use.web_search_requests
  bool thinking = false;            // thinking: a thinking block first
  std::uint32_t tools = 0;          // tool, tool=2: so many tool_use blocks, if the request has tools
  bool citations = false;           // citations
  std::uint32_t pings = 1;          // pings=3: ping events after message_start
  std::uint32_t ping_delay_ms = 0;  // ping-delay=1s: before each of them
  std::uint32_t slice = 0;          // slice=1: the stream is written in pieces of so many bytes, 1 ms apart
  std::string stop_reason;          // stop=refusal
  std::uint32_t times = 0;          // times=2: only the first two requests of this id are steered, 0: all
  std::string id;                   // id=abc: the counter of times (default: the whole text)
  std::string only_key;             // only-key=abc: only requests whose credential contains abc are steered
};

// Lays the text over `out`. False and a sentence in `error` if the text does not follow the grammar.
bool parse_steering(std::string_view text, Steering& out, std::string& error);
// The steering text a model name stands for; empty for ordinary names.
std::string_view steering_of_model(std::string_view model);

}  // namespace sluice::fakes
