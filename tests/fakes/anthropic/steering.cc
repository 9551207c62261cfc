#include "tests/fakes/anthropic/steering.h"

#include <array>
#include <charconv>
#include <utility>

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kNamedSteering{{
    {"fake-400", "status=400"},
    {"fake-401", "status=401"},
    {"fake-403", "status=403"},
    {"fake-404", "status=404"},
    {"fake-429", "status=429"},
    {"fake-429-reset", "status=429;retry-after=2;reset=2"},
    {"fake-500", "status=500"},
    {"fake-502", "status=502;garbage"},
    {"fake-529", "status=529"},
    {"fake-slow-headers", "headers-delay=2s"},
    {"fake-slow-tokens", "token-delay=50ms"},
    {"fake-stall", "stall-after=3"},
    {"fake-cut-before-headers", "cut=before-headers"},
    {"fake-cut-after-preamble", "cut=after-preamble"},
    {"fake-cut-mid-content", "cut=mid-content"},
    {"fake-cut-mid-event", "cut=mid-event"},
    {"fake-garbage", "garbage"},
    {"fake-error-event", "error-event"},
    {"fake-gzip", "gzip"},
    {"fake-huge-event", "huge-event=4MiB"},
    {"fake-no-usage", "no-usage"},
    {"fake-thinking", "thinking"},
    {"fake-tool", "tool"},
    {"fake-citations", "citations"},
}};

constexpr std::array<std::pair<std::string_view, Cut>, 8> kCuts{{
    {"before-headers", Cut::kBeforeHeaders},
    {"bad-head", Cut::kBadHead},
    {"bad-chunk", Cut::kBadChunk},
    {"after-headers", Cut::kAfterHeaders},
    {"after-preamble", Cut::kAfterPreamble},
    {"mid-content", Cut::kMidContent},
    {"mid-event", Cut::kMidEvent},
    {"clean", Cut::kClean},
}};

constexpr std::array<std::pair<std::string_view, Endless>, 3> kEndless{{
    {"pings", Endless::kPings},
    {"comments", Endless::kComments},
    {"text", Endless::kText},
}};

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 6> kUnits{{
    {"", 1},
    {"ms", 1},
    {"s", 1000},
    {"KiB", 1024},
    {"MiB", 1024 * 1024},
    {"m", 60000},
}};

// A number with an optional unit; false if it is neither.
template <typename Number>
bool read_number(std::string_view value, Number& out) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (problem != std::errc{}) return false;
  const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    out = static_cast<Number>(number * factor);
    return true;
  }
  return false;
}

template <typename Number>
bool read_number(std::string_view value, std::optional<Number>& out) {
  return read_number(value, out.emplace());
}

template <typename Names, typename Value>
bool read_name(const Names& names, std::string_view text, Value& out) {
  for (const auto& [name, value] : names) {
    if (name == text) return out = value, true;
  }
  return false;
}

bool read_header(std::string_view value, std::vector<std::string>& out) {
  const std::size_t colon = value.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  out.emplace_back(value);
  return true;
}

bool read_text(std::string_view value, std::string_view if_empty, std::string& out) {
  out = value.empty() ? if_empty : value;
  return !out.empty();
}

bool set_flag(std::string_view value, bool& out) {
  out = value != "false";
  return value.empty() || value == "true" || value == "false";
}

bool read_head(std::string_view key, std::string_view value, Steering& s, bool& known) {
  if (key == "status") return read_number(value, s.status) && s.status >= 200 && s.status <= 599;
  if (key == "error-type") return read_text(value, "", s.error_type);
  if (key == "message") return read_text(value, "", s.message);
  if (key == "retry-after") return read_number(value, s.retry_after_s);
  if (key == "reset") return read_number(value.empty() ? "60" : value, s.reset_s);
  if (key == "exhausted") return read_text(value, "", s.exhausted);
  if (key == "should-retry") return set_flag(value, s.should_retry.emplace());
  if (key == "header") return read_header(value, s.headers);
  if (key == "head-bytes") return read_number(value, s.head_bytes);
  if (key == "interim") return read_number(value, s.interim);
  if (key == "content-type") return read_text(value, "", s.content_type);
  return known = false;
}

bool read_faults(std::string_view key, std::string_view value, Steering& s, bool& known) {
  if (key == "headers-delay") return read_number(value, s.headers_delay_ms);
  if (key == "first-delay") return read_number(value, s.first_delay_ms);
  if (key == "token-delay") return read_number(value, s.token_delay_ms);
  if (key == "stall-after") return read_number(value, s.stall_after);
  if (key == "stall-for") return read_number(value, s.stall_for_ms);
  if (key == "after") return read_number(value, s.after);
  if (key == "cut") return read_name(kCuts, value, s.cut);
  if (key == "at-event") return read_number(value, s.at_event);
  if (key == "cut-at") return read_number(value, s.cut_at);
  if (key == "hang") return set_flag(value, s.hang);
  if (key == "stall") return set_flag(value, s.stall);
  if (key == "endless") return read_name(kEndless, value, s.endless);
  if (key == "rst") return set_flag(value, s.reset_connection);
  if (key == "garbage") return set_flag(value, s.garbage);
  if (key == "error-event") return read_text(value, "overloaded_error", s.error_event);
  if (key == "gzip") return set_flag(value, s.gzip);
  if (key == "huge-event") return read_number(value, s.huge_event);
  if (key == "trailing") return set_flag(value, s.trailing);
  if (key == "close-after") return set_flag(value, s.close_after);
  if (key == "slice") return read_number(value, s.slice);
  if (key == "times") return read_number(value, s.times);
  if (key == "id") return read_text(value, "", s.id);
  if (key == "only-key") return read_text(value, "", s.only_key);
  return known = false;
}

bool read_shape(std::string_view key, std::string_view value, Steering& s, bool& known) {
  if (key == "html") return set_flag(value, s.html);
  if (key == "as-json") return set_flag(value, s.as_json);
  if (key == "as-stream") return set_flag(value, s.as_stream);
  if (key == "until-close") return set_flag(value, s.until_close);
  if (key == "crlf") return set_flag(value, s.crlf);
  if (key == "junk") return set_flag(value, s.junk);
  if (key == "double-start") return set_flag(value, s.double_start);
  if (key == "double-end") return set_flag(value, s.double_end);
  if (key == "late-usage") return set_flag(value, s.late_usage);
  if (key == "empty") return set_flag(value, s.empty);
  if (key == "raw-input") return read_text(value, "", s.raw_input);
  if (key == "raw-output") return read_text(value, "", s.raw_output);
  return known = false;
}

bool read_answer(std::string_view key, std::string_view value, Steering& s, bool& known) {
  if (key == "tokens") return read_number(value, s.tokens);
  if (key == "no-usage") return set_flag(value, s.no_usage);
  if (key == "input") return read_number(value, s.input);
  if (key == "output") return read_number(value, s.output);
  if (key == "cache-read") return read_number(value, s.cache_read);
  if (key == "cache-5m") return read_number(value, s.cache_5m);
  if (key == "cache-1h") return read_number(value, s.cache_1h);
  if (key == "searches") return read_number(value, s.searches);
  if (key == "thinking") return set_flag(value, s.thinking);
  if (key == "tool") return read_number(value.empty() ? "1" : value, s.tools);
  if (key == "citations") return set_flag(value, s.citations);
  if (key == "pings") return read_number(value, s.pings);
  if (key == "ping-delay") return read_number(value, s.ping_delay_ms);
  if (key == "stop") return read_text(value, "", s.stop_reason);
  return known = false;
}

}  // namespace

bool parse_steering(std::string_view text, Steering& out, std::string& error) {
  out.id = text;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(";,");
    const std::string_view item = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const std::string_view key = trimmed(item.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : trimmed(item.substr(equals + 1));
    bool known = true;
    bool good = false;
    for (const auto read : {read_head, read_faults, read_shape, read_answer}) {
      known = true;
      good = read(key, value, out, known);
      if (known) break;
    }
    if (known && good) continue;
    error = cat({"fake: ", known ? "bad value in '" : "unknown steering '", item, "'"});
    return false;
  }
  return true;
}

std::string_view steering_of_model(std::string_view model) {
  if (model.starts_with("fake:")) return model.substr(5);
  for (const auto& [name, text] : kNamedSteering) {
    if (name == model) return text;
  }
  return {};
}

}  // namespace sluice::fakes
