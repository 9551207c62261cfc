#include <algorithm>
#include <array>

#include "common/http/chunk_decoder.h"
#include "common/http/server_state.h"

namespace sluice::http {

namespace {

constexpr std::size_t kPadding = 64;  // simdjson reads past the end
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Makes room for `more` bytes and the padding, by doubling.
void grow(std::string& body, std::size_t more) {
  const std::size_t needed = body.size() + more + kPadding;
  if (needed > body.capacity()) body.reserve(std::max(needed, 2 * body.capacity()));
}

// Sets the size without writing the bytes: they are received into place.
void resize_for_overwrite(std::string& body, std::size_t size) {
  body.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
}

}  // namespace

std::unexpected<Error> ServerConnection::State::refuse_body(unsigned status, std::string_view message) {
  refuse(status, message);
  return fail(ErrorCode::kInvalidArgument, std::string(message));
}

std::unexpected<Error> ServerConnection::State::lost_client() {
  refuse(400, "the connection ended before the body did");
  return fail(ErrorCode::kClosed, refusal.message);
}

io::Task<Result<std::span<char>>> ServerConnection::State::read_more(std::span<char> into, SteadyTime deadline) {
  for (;;) {
    const Result<bool> readable = co_await stream.wait_readable_until(deadline);
    if (!readable) co_return lost_client();
    if (!*readable) co_return refuse_body(408, "the request body took too long");
    const Result<std::size_t> got = stream.try_read(into);
    if (!got && got.error().code == ErrorCode::kUnavailable) continue;
    if (!got || *got == 0) co_return lost_client();
    co_return into.first(*got);
  }
}

io::Task<Result<>> ServerConnection::State::read_length(std::string& body, std::size_t length) {
  const SteadyTime deadline = after(limits.body_time);
  body.reserve(length + kPadding);  // memory is touched, and so used, only as bytes arrive
  const std::size_t here = std::min(length, input.size());
  body.assign(input, 0, here);
  input.erase(0, here);
  if (input.empty()) std::string().swap(input);

  resize_for_overwrite(body, length);
  std::size_t filled = here;
  while (filled < length) {
    const std::span<char> rest(body.data() + filled, length - filled);
    const Result<std::span<char>> got = co_await read_more(rest, deadline);
    if (!got) co_return std::unexpected(got.error());
    filled += got->size();
  }
  co_return Result<>{};
}

io::Task<Result<>> ServerConnection::State::read_chunked(std::string& body, std::size_t max_bytes) {
  const SteadyTime deadline = after(limits.body_time);
  ChunkDecoder decoder;
  std::string held = std::move(input);
  input.clear();
  std::span<char> bytes(held);
  for (;;) {
    const ChunkDecoder::Step step = decoder.decode(bytes);
    if (step.payload.size() > max_bytes - body.size()) co_return refuse_body(413, "the request body is too large");
    grow(body, step.payload.size());
    body.append(step.payload);
    if (step.status == ChunkDecoder::Status::kMalformed) co_return refuse_body(400, decoder.problem());
    if (step.status == ChunkDecoder::Status::kDone) {
      input.assign(bytes.data() + step.consumed, bytes.size() - step.consumed);
      co_return Result<>{};
    }
    const Result<std::span<char>> got = co_await read_more(worker.scratch(), deadline);
    if (!got) co_return std::unexpected(got.error());
    bytes = *got;
  }
}

void ServerConnection::State::skip_buffered_body() {
  if (!body_unread || head.framing.kind != BodyFraming::Kind::kLength || input.size() < head.framing.length) return;
  input.erase(0, static_cast<std::size_t>(head.framing.length));
  body_unread = false;
}

io::Task<Result<std::string>> ServerConnection::read_body(std::size_t max_bytes) {
  State& s = *state_;
  std::string body;
  if (!s.body_unread) {
    body.reserve(kPadding);
    co_return body;
  }
  const BodyFraming framing = s.head.framing;
  if (framing.kind == BodyFraming::Kind::kLength && framing.length > max_bytes) {
    co_return s.refuse_body(413, "the request body is too large");
  }
  // A client that already sends does not wait for it (RFC 9110, section 10.1.1).
  if (s.head.expects_continue && s.input.empty()) {
    const Result<> sent = co_await s.stream.write(kContinue, s.after(s.limits.write_stall));
    if (!sent) co_return s.lost_client();
  }
  const Result<> read = framing.kind == BodyFraming::Kind::kLength
                            ? co_await s.read_length(body, static_cast<std::size_t>(framing.length))
                            : co_await s.read_chunked(body, max_bytes);
  if (!read) co_return std::unexpected(read.error());
  s.body_unread = false;
  co_return body;
}

}  // namespace sluice::http
