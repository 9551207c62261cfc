#include "controlplane/accounts/test_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "controlplane/accounts/test_failure.h"

namespace sluice::accounts {

namespace {

constexpr std::size_t kMostShown = 40;
constexpr std::size_t kLongestShown = 200;
constexpr std::size_t kMostErrorBytes = 64 * 1024;
// Cookies and the like are left out: only what helps.
constexpr std::array<std::string_view, 9> kShown{"request-id",           "x-request-id", "content-type", "retry-after",
                                                 "openai-processing-ms", "server",       "date",         "cf-ray",
                                                 "x-should-retry"};
constexpr std::array<std::string_view, 2> kShownPrefixes{"anthropic-ratelimit-", "x-ratelimit-"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ')
    text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
    text.remove_suffix(1);
  return text;
}

bool worth_showing(std::string_view name) {
  return std::find(kShown.begin(), kShown.end(), name) != kShown.end() ||
         std::any_of(kShownPrefixes.begin(), kShownPrefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

// Other bytes than visible ASCII would make the message invalid UTF-8.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, kLongestShown));
  for (char& c : out) {
    if (c < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

int status_in(std::string_view line) {
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (blank != std::string_view::npos) std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  return status;
}

}  // namespace

void TestStream::take_field(std::string_view line) {
  const std::string_view content = trimmed(line);
  if (content.starts_with("HTTP/")) {
    line_status_ = status_in(content);
    shown_.clear();
    return;
  }
  if (content.empty()) {
    if (line_status_ >= 200 && status_ == 0) tell_answered();
    return;
  }
  const std::size_t colon = content.find(':');
  if (colon == std::string_view::npos || shown_.size() >= kMostShown) return;
  std::string name(content.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (worth_showing(name)) shown_[printable(name)] = printable(trimmed(content.substr(colon + 1)));
}

void TestStream::tell_answered() {
  status_ = line_status_;
  const auto type = shown_.find("content-type");
  is_stream_ = status_ == 200 && type != shown_.end() && type->second.starts_with("text/event-stream");
  admin::v1::TestAccountResponse event;
  event.mutable_answered()->set_status(status_);
  for (const auto& [name, value] : shown_)
    (*event.mutable_answered()->mutable_headers())[name] = events_.without_secret(value);
  events_.tell(std::move(event));
}

bool TestStream::take_body(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > most_bytes_) {
    too_large_ = true;
    return false;
  }
  if (!is_stream_) {
    body_.append(bytes.substr(0, kMostErrorBytes - std::min(kMostErrorBytes, body_.size())));
    return !events_.gone();
  }
  std::string_view whole = splitter_.push(bytes);
  for (std::string_view one = sse::take_event(whole); !one.empty() && !ended(); one = sse::take_event(whole)) {
    const std::string said = read_event(dialect_, sse::parse_event(one).data, answer_);
    if (said.empty()) continue;
    admin::v1::TestAccountResponse event;
    event.set_text(events_.without_secret(said));
    events_.tell(std::move(event));
  }
  return !ended() && !events_.gone();
}

void TestStream::tell_failed() {
  if (is_stream_ && !answer_.error_type.empty()) {
    const ErrorWords words{.type = answer_.error_type, .message = answer_.error};
    return events_.fail(test_failed(cause_of(status_, words), words.type + ": " + words.message, status_));
  }
  if (is_stream_) {
    return events_.fail(test_failed(TestCause::kCut, "the stream ended before its last event", status_));
  }
  if (status_ == 200) {
    return events_.fail(test_failed(TestCause::kNotAStream, "the answer is no stream of events", status_));
  }
  const ErrorWords words = error_words(body_);
  std::string message = fmt::format("answered {}", status_);
  if (!words.type.empty()) message += " " + words.type;
  if (!words.message.empty()) message += ": " + words.message;
  const bool leads_away = status_ >= 300 && status_ < 400;
  events_.fail(test_failed(leads_away ? TestCause::kNotAStream : cause_of(status_, words), message, status_));
}

void TestStream::finish() {
  if (!is_stream_ || !answer_.error_type.empty() || !answer_.ended) return tell_failed();
  admin::v1::TestAccountResponse event;
  event.mutable_done()->set_input_tokens(answer_.input_tokens);
  event.mutable_done()->set_output_tokens(answer_.output_tokens);
  event.mutable_done()->set_stop_reason(events_.without_secret(answer_.stop_reason));
  events_.tell(std::move(event));
}

}  // namespace sluice::accounts
