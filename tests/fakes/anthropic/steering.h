// What a request asks the fake vendor to do: numbers, shapes and faults. Plain data, thread-safe to parse.
//
// Grammar: items parted by ';' or ','; an item is a word or word=value; blanks around are ignored; unknown words are an
// error, answered with 400. Written in the header "x-fake: ...", or as the model name "fake:...". Names such as
// "fake-429" stand for a ready-made text (kNamedSteering in steering.cc). Durations: 500ms, 2s, or plain milliseconds.
// Sizes: 4MiB, 64KiB, or plain bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::fakes {

enum class Cut : std::uint8_t { kNone, kBeforeHeaders, kAfterHeaders, kAfterPreamble, kMidContent, kMidEvent, kClean };

struct Steering {
  int status = 200;                          // status=529: an error answer of that status
  std::string error_type;                    // error-type=overloaded_error: instead of the one that fits the status
  std::optional<int> retry_after_s;          // retry-after=2
  std::optional<int> reset_s;                // reset=30: anthropic-ratelimit-*-reset headers, so many seconds from now
  std::optional<bool> should_retry;          // should-retry=false: the x-should-retry header
  std::uint32_t headers_delay_ms = 0;        // headers-delay=500ms
  std::uint32_t first_delay_ms = 0;          // first-delay=1s: after the headers, before message_start
  std::uint32_t token_delay_ms = 0;          // token-delay=20ms: before every delta
  std::uint32_t stall_for_ms = 0;            // stall-for=3s: the stall ends after that; without it never
  std::optional<std::uint32_t> tokens;       // tokens=50: deltas of the answer, and its output tokens
  std::optional<std::uint32_t> stall_after;  // stall-after=3: silence after three deltas, 0: after message_start
  std::optional<std::uint32_t> after;        // after=4: where cut, error-event and garbage strike (default: half-way)
  Cut cut = Cut::kNone;           // cut=before-headers|after-headers|after-preamble|mid-content|mid-event|clean
  bool reset_connection = false;  // rst: a cut is a TCP reset instead of an early end
  bool garbage = false;           // garbage: the body is not JSON and not an event stream
  std::string error_event;        // error-event or error-event=api_error: `event: error` inside the stream
  bool gzip = false;              // gzip: content-encoding gzip whatever was asked for
  std::uint64_t huge_event = 0;   // huge-event=4MiB: one delta carries so many bytes of text
  bool no_usage = false;          // no-usage
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

// False and a sentence in `error` if the text does not follow the grammar.
bool parse_steering(std::string_view text, Steering& out, std::string& error);
// The steering text a model name stands for; empty for ordinary names.
std::string_view steering_of_model(std::string_view model);

}  // namespace sluice::fakes
