#include "dataplane/protocol/anthropic/answer_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/sse/event_splitter.h"

namespace sluice::protocol::anthropic {

namespace {

namespace dom = simdjson::dom;

// More tokens than any vendor sells in a request; larger numbers are damage.
constexpr std::int64_t kMaxTokens = 1'000'000'000;

void read_count(const dom::object& usage, std::string_view key, std::optional<std::int64_t>& into) {
  std::int64_t count = 0;
  if (!usage[key].get_int64().get(count) && count >= 0 && count <= kMaxTokens) into = count;
}

// message_delta carries no split of the cache writes, so a split that was seen stays in force.
void read_cache_writes(const dom::object& usage, Usage& into) {
  dom::object split;
  if (!usage["cache_creation"].get_object().get(split)) {
    read_count(split, "ephemeral_5m_input_tokens", into.cache_write_5m);
    read_count(split, "ephemeral_1h_input_tokens", into.cache_write_1h);
    return;
  }
  std::optional<std::int64_t> total;
  read_count(usage, "cache_creation_input_tokens", total);
  if (!total) return;
  if (into.cache_write_5m.value_or(0) + into.cache_write_1h.value_or(0) == *total) return;
  into.cache_write_5m = *total - std::min(*total, into.cache_write_1h.value_or(0));
}

void read_usage(const dom::object& usage, Usage& into) {
  read_count(usage, "input_tokens", into.input);
  read_count(usage, "output_tokens", into.output);
  read_count(usage, "cache_read_input_tokens", into.cache_read);
  read_cache_writes(usage, into);
}

dom::parser& parser_of_thread() {
  thread_local dom::parser parser;
  return parser;
}

constexpr std::string_view kEvents[] = {
    "message_start",       "message_delta",      "message_stop", "content_block_start",
    "content_block_delta", "content_block_stop", "error",        "ping"};

bool is_known(std::string_view name) {
  return std::find(std::begin(kEvents), std::end(kEvents), name) != std::end(kEvents);
}

// The event's type where the upstream leaves the event: line out.
std::string_view type_of(std::string_view data) {
  dom::element root;
  std::string_view type;
  if (parser_of_thread().parse(data.data(), data.size()).get(root) || root["type"].get_string().get(type)) return {};
  const auto known = std::find(std::begin(kEvents), std::end(kEvents), type);
  return known == std::end(kEvents) ? std::string_view() : *known;
}

// Tokens are about four bytes of text; the frame around a delta is not text.
constexpr std::size_t kDeltaFrameBytes = 90;
constexpr std::size_t kBytesPerToken = 4;

unsigned status_of(std::string_view type, unsigned otherwise) {
  constexpr std::pair<std::string_view, unsigned> kStatuses[] = {
      {"invalid_request_error", 400}, {"authentication_error", 401},
      {"billing_error", 402},         {"permission_error", 403},
      {"not_found_error", 404},       {"request_too_large", 413},
      {"rate_limit_error", 429},      {"api_error", 500},
      {"timeout_error", 504},         {"overloaded_error", 529}};
  for (const auto& [name, status] : kStatuses) {
    if (name == type) return status;
  }
  return otherwise;
}

}  // namespace

std::optional<UpstreamError> read_error_object(std::string_view json, unsigned default_status) {
  dom::element root;
  dom::object error;
  if (parser_of_thread().parse(json.data(), json.size()).get(root) || root["error"].get_object().get(error)) {
    return std::nullopt;
  }
  std::string_view type;
  std::string_view message;
  if (error["type"].get_string().get(type)) type = {};
  if (error["message"].get_string().get(message)) message = {};
  return UpstreamError{status_of(type, default_status), std::string(type), std::string(message)};
}

Signals MessagesReader::read_events(std::string_view events) {
  Signals signals;
  const std::size_t all = events.size();
  for (std::string_view bytes = sse::take_event(events); !bytes.empty(); bytes = sse::take_event(events)) {
    const sse::Event event = sse::parse_event(bytes);
    const std::string_view name = event.name.empty() && !event.data.empty() ? type_of(event.data) : event.name;
    if (name == "message_start" && std::exchange(started_, true)) {
      signals.restart = true;
      break;
    }
    signals.read = all - events.size();
    if (event.data.empty()) continue;
    (is_known(name) ? signals.known : signals.foreign) = true;
    if (name != "ping") signals.substance = true;
    read_event(name, event.data, signals);
    if (signals.terminal || signals.error) break;
  }
  return signals;
}

void MessagesReader::read_oversized(std::string_view piece) {
  bytes_seen_ += piece.size();
  usage_.output_seen = static_cast<std::int64_t>(bytes_seen_ / kBytesPerToken);
}

void MessagesReader::read_event(std::string_view name, std::string_view data, Signals& signals) {
  if (name == "content_block_delta") {
    signals.content = true;
    bytes_seen_ += data.size() > kDeltaFrameBytes ? data.size() - kDeltaFrameBytes : kBytesPerToken;
    usage_.output_seen = static_cast<std::int64_t>((bytes_seen_ + kBytesPerToken - 1) / kBytesPerToken);
  } else if (name == "content_block_start") {
    read_block_start(data, signals);
  } else if (name == "content_block_stop") {
    if (std::exchange(solid_block_, false)) signals.content = true;
  } else if (name == "ping") {
    signals.ping = true;
  } else if (name == "message_stop") {
    signals.terminal = true;
  } else if (name == "error") {
    signals.error = true;
    error_ = read_error_object(data, 502).value_or(UpstreamError{});
  } else if (name == "message_start" || name == "message_delta") {
    read_usage_event(name == "message_start", data, signals);
  }
}

// An empty text or thinking block is an announcement; a tool call or a server tool's result says something already.
void MessagesReader::read_block_start(std::string_view data, Signals& signals) {
  dom::element root;
  std::string_view type;
  if (parser_of_thread().parse(data.data(), data.size()).get(root)) return;
  if (root["content_block"]["type"].get_string().get(type)) return;
  solid_block_ = type != "text" && type != "thinking";
  if (solid_block_) signals.content = true;
}

void MessagesReader::read_usage_event(bool start, std::string_view data, Signals& signals) {
  dom::element root;
  dom::object usage;
  if (parser_of_thread().parse(data.data(), data.size()).get(root)) return;
  if (start ? root["message"]["usage"].get_object().get(usage) : root["usage"].get_object().get(usage)) return;
  read_usage(usage, usage_);
  const std::string raw = simdjson::minify(usage);
  if (start) {
    start_usage_ = raw;
    usage_.raw = raw;
  } else {
    usage_.raw = start_usage_.empty() ? raw : start_usage_ + "\n" + raw;
  }
  signals.usage = true;
}

namespace {

// A message with nothing but empty texts says nothing; other calls are answered by other members than "content".
bool says_something(const dom::object& answer) {
  dom::array content;
  if (answer["content"].get_array().get(content)) return answer["error"].error() != simdjson::SUCCESS;
  for (const dom::element block : content) {
    std::string_view type;
    std::string_view text;
    if (block["type"].get_string().get(type) || type != "text") return true;
    if (block["text"].get_string().get(text) || !text.empty()) return true;
  }
  return false;
}

}  // namespace

Result<AnswerReader::Body> MessagesReader::read_body(const std::string& body) {
  dom::element root;
  dom::object object;
  const simdjson::error_code parsed = parser_of_thread().parse(body.data(), body.size()).get(root);
  // Numbers beyond 64 bits are good JSON that this parser cannot hold: such an answer is passed on, its counts are not.
  if (parsed == simdjson::NUMBER_ERROR) return Body{.content = true};
  if (parsed || root.get_object().get(object)) {
    return fail(ErrorCode::kDataLoss, "the upstream's answer is not a JSON object");
  }
  dom::object usage;
  if (!object["usage"].get_object().get(usage)) {
    read_usage(usage, usage_);
    usage_.raw = simdjson::minify(usage);
  }
  return Body{.content = says_something(object)};
}

}  // namespace sluice::protocol::anthropic
