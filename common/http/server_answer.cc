#include <array>

#include "common/http/response_writer.h"
#include "common/http/server_state.h"

namespace sluice::http {

namespace {

// A body is written in parts of this size, each within write_stall: a slow client is not a stalled one.
constexpr std::size_t kPart = 256 * 1024;
constexpr std::size_t kKeepHeadBuffer = 16 * 1024;
constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kEndAfterData = "\r\n0\r\n\r\n";

// Valid until the next suspension: the stream copies what the socket does not take at once.
std::string_view write_head(const ResponseShape& shape, SystemTime now) {
  thread_local std::string text;
  if (text.capacity() > kKeepHeadBuffer) std::string().swap(text);
  text.clear();
  append_response_head(text, shape, now);
  return text;
}

}  // namespace

void ServerConnection::State::answer_done() {
  answer = Answer::kDone;
  if (!may_continue() && stream.is_open()) stream.end_writing();
}

io::Task<Result<>> ServerConnection::respond(unsigned status, std::span<const Field> fields, std::string_view body) {
  State& s = *state_;
  if (s.answer != State::Answer::kNone) co_return fail(ErrorCode::kFailedPrecondition, "the request has an answer");
  s.answer = State::Answer::kStarted;
  s.skip_buffered_body();
  ResponseShape shape{.status = status, .fields = fields, .content_length = body.size(), .close = !s.may_continue()};
  if (status_has_no_body(status)) shape.content_length.reset();
  if (status_has_no_body(status) || (s.head_taken && s.head.method == "HEAD")) body = {};

  const std::array<std::string_view, 2> first{write_head(shape, s.worker.clock().now()), body.substr(0, kPart)};
  Result<> sent = co_await s.stream.write(first, s.after(s.limits.write_stall));
  for (std::size_t at = kPart; sent && at < body.size(); at += kPart) {
    sent = co_await s.stream.write(body.substr(at, kPart), s.after(s.limits.write_stall));
  }
  if (sent) s.answer_done();
  co_return sent;
}

io::Task<Result<>> ServerConnection::start_stream(unsigned status, std::span<const Field> fields,
                                                  std::string_view first) {
  State& s = *state_;
  if (s.answer != State::Answer::kNone) co_return fail(ErrorCode::kFailedPrecondition, "the request has an answer");
  s.answer = State::Answer::kStarted;
  s.skip_buffered_body();
  s.chunks_wanted = !status_has_no_body(status) && s.head.method != "HEAD";
  const ResponseShape shape{
      .status = status, .fields = fields, .content_length = std::nullopt, .close = !s.may_continue()};
  const ChunkSizeLine size(first.size());
  const bool with_chunk = s.chunks_wanted && !first.empty();
  const std::array<std::string_view, 4> pieces{write_head(shape, s.worker.clock().now()), size.text(), first, kCrlf};
  const std::span<const std::string_view> wanted(pieces.data(), with_chunk ? pieces.size() : 1);
  const Result<> sent = co_await s.stream.write(wanted, s.after(s.limits.write_stall));
  co_return sent;
}

io::Task<Result<>> ServerConnection::write_chunk(std::string_view bytes) {
  State& s = *state_;
  if (!s.chunks_wanted || bytes.empty()) co_return Result<>{};
  const ChunkSizeLine size(bytes.size());
  const std::array<std::string_view, 3> pieces{size.text(), bytes, kCrlf};
  const Result<> sent = co_await s.stream.write(pieces, s.after(s.limits.write_stall));
  co_return sent;
}

io::Task<Result<>> ServerConnection::end_stream(std::string_view last) {
  State& s = *state_;
  Result<> sent;
  if (s.chunks_wanted && last.empty()) {
    sent = co_await s.stream.write(kLastChunk, s.after(s.limits.write_stall));
  } else if (s.chunks_wanted) {
    const ChunkSizeLine size(last.size());
    const std::array<std::string_view, 3> pieces{size.text(), last, kEndAfterData};
    sent = co_await s.stream.write(pieces, s.after(s.limits.write_stall));
  }
  if (sent) s.answer_done();
  co_return sent;
}

}  // namespace sluice::http
