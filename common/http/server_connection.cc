#include "common/http/server_connection.h"

#include "common/http/request_parser.h"
#include "common/http/server_state.h"

namespace sluice::http {

namespace {

constexpr std::size_t kUsualFields = 16;

// Limits of finish().
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;

}  // namespace

void ServerConnection::State::forget_request() {
  std::string().swap(head_text);
  std::vector<Field>().swap(head.fields);
  if (input.empty()) std::string().swap(input);
  head_taken = refused = body_unread = chunks_wanted = false;
  answer = Answer::kNone;
}

bool ServerConnection::State::take_head(std::string_view bytes, std::size_t head_bytes) {
  head_text.assign(bytes.substr(0, head_bytes));
  if (bytes.data() == input.data()) {
    input.erase(0, head_bytes);
  } else {
    input.assign(bytes.substr(head_bytes));
  }
  head.fields.reserve(kUsualFields);
  if (!parse_request_head(head_text, limits.max_fields, head, refusal)) {
    refused = true;
    return false;
  }
  head_taken = true;
  body_unread = head.framing.kind == BodyFraming::Kind::kChunked || head.framing.length > 0;
  return true;
}

void ServerConnection::State::refuse(unsigned status, std::string_view message) {
  refused = true;
  refusal.status = status;
  refusal.message = message;
}

ServerConnection::ServerConnection(io::Worker& worker, io::Stream stream, const ServerLimits& limits)
    : state_(std::make_unique<State>(worker, std::move(stream), limits)) {}

ServerConnection::~ServerConnection() = default;

io::Task<ServerConnection::Next> ServerConnection::next_request() {
  State& s = *state_;
  if ((s.head_taken || s.refused) && !keep_alive()) {
    co_await finish();
    co_return Next::kClosed;
  }
  s.forget_request();

  HeadScanner scanner;
  bool started = !s.input.empty();
  SteadyTime deadline = s.after(started ? s.limits.head_time : s.limits.idle_time);
  std::string_view bytes = s.input;
  for (;;) {
    const HeadScanner::Found found = scanner.scan(bytes, s.limits.max_head_bytes, s.refusal);
    if (found == HeadScanner::Found::kHead) {
      co_return s.take_head(bytes, scanner.head_bytes()) ? Next::kRequest : Next::kRefused;
    }
    if (found == HeadScanner::Found::kRefused) {
      s.refused = true;
      co_return Next::kRefused;
    }
    if (bytes.data() != s.input.data()) s.input.append(bytes);

    const Result<bool> readable = co_await s.stream.wait_readable_until(deadline);
    if (!readable) co_return Next::kClosed;
    if (!*readable) {
      if (!started) co_return Next::kClosed;
      s.refuse(408, "the request header took too long");
      co_return Next::kRefused;
    }
    const Result<std::size_t> got = s.stream.try_read(s.worker.scratch());
    bytes = s.input;
    if (!got && got.error().code == ErrorCode::kUnavailable) continue;
    if (!got || *got == 0) co_return Next::kClosed;
    if (!started) deadline = s.after(s.limits.head_time);
    started = true;
    // A head that comes in one piece, as nearly all do, is parsed where it was received.
    const std::string_view fresh(s.worker.scratch().data(), *got);
    if (s.input.empty()) {
      bytes = fresh;
    } else {
      s.input.append(fresh);
      bytes = s.input;
    }
  }
}

io::Task<> ServerConnection::finish() {
  State& s = *state_;
  if (s.ended || !s.stream.is_open()) co_return;
  s.ended = true;
  s.stream.end_writing();
  const SteadyTime deadline = s.after(kLingerTime);
  std::size_t discarded = 0;
  while (discarded < kLingerBytes) {
    const Result<std::size_t> got = co_await s.stream.read_some(s.worker.scratch(), deadline);
    if (!got || *got == 0) break;
    discarded += *got;
  }
  s.stream.abort(ErrorCode::kClosed);
}

const RequestHead& ServerConnection::head() const {
  return state_->head;
}
const Refusal& ServerConnection::refusal() const {
  return state_->refusal;
}

bool ServerConnection::keep_alive() const {
  return state_->answer == State::Answer::kDone && state_->may_continue() && state_->stream.is_open();
}

void ServerConnection::close_after_answer() {
  state_->close = true;
}
bool ServerConnection::answer_started() const {
  return state_->answer != State::Answer::kNone;
}
io::Stream& ServerConnection::stream() {
  return state_->stream;
}

}  // namespace sluice::http
