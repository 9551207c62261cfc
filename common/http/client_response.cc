#include <fmt/format.h>

#include "common/http/client_pool_state.h"
#include "common/http/response_head.h"

namespace sluice::http {

Result<> ClientResponse::State::accept_head(std::size_t size, bool answers_head_request) {
  head_bytes.assign(rest, 0, size);
  rest.erase(0, size);
  Result<ResponseHead> parsed = parse_response_head(head_bytes, answers_head_request);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  head = std::move(*parsed);
  return {};
}

void ClientResponse::State::start_body() {
  left = head.framing.length;
  const bool empty =
      head.framing.kind == BodyFraming::Kind::kNone || (head.framing.kind == BodyFraming::Kind::kLength && left == 0);
  if (empty) finish(rest.empty());
}

void ClientResponse::State::finish(bool clean) {
  complete = true;
  const bool good = clean && sent_whole && head.keep_alive;
  io::Stream done = std::move(stream);
  if (!good) return;
  done.stop_watching();
  pool->give_back(*idle, std::move(done));
}

Result<ClientResponse::Piece> ClientResponse::State::take(std::span<char> bytes) {
  switch (head.framing.kind) {
    case BodyFraming::Kind::kLength: {
      const std::size_t mine = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
      left -= mine;
      if (left == 0) finish(mine == bytes.size());
      return Piece{.data = {bytes.data(), mine}, .last = complete};
    }
    case BodyFraming::Kind::kChunked: {
      const ChunkDecoder::Step step = chunks.decode(bytes);
      if (step.status == ChunkDecoder::Status::kMalformed) {
        stream.abort(ErrorCode::kDataLoss);  // the next call fails with it
        if (!step.payload.empty()) return Piece{.data = step.payload, .last = false};
        return fail(ErrorCode::kDataLoss, fmt::format("the server's answer is malformed: {}", chunks.problem()));
      }
      if (step.status == ChunkDecoder::Status::kDone) finish(step.consumed == bytes.size());
      return Piece{.data = step.payload, .last = complete};
    }
    default:
      return Piece{.data = {bytes.data(), bytes.size()}, .last = false};
  }
}

Result<ClientResponse::Piece> ClientResponse::State::take_end() {
  if (head.framing.kind == BodyFraming::Kind::kUntilClose) {
    finish(false);
    return Piece{.data = {}, .last = true};
  }
  stream.abort(ErrorCode::kClosed);
  return fail(ErrorCode::kClosed, "the server ended the connection in the middle of its answer");
}

ClientResponse::ClientResponse(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClientResponse::ClientResponse(ClientResponse&&) noexcept = default;
ClientResponse& ClientResponse::operator=(ClientResponse&&) noexcept = default;
ClientResponse::~ClientResponse() = default;

std::string_view ClientResponse::via() const {
  return state_->egress->name;
}

const ResponseHead& ClientResponse::head() const {
  return state_->head;
}

bool ClientResponse::ends_by_close() const {
  return state_->head.framing.kind == BodyFraming::Kind::kUntilClose;
}

void ClientResponse::cancel() noexcept {
  if (!state_->complete) state_->stream.abort(ErrorCode::kCancelled);
}

io::Task<Result<bool>> ClientResponse::wait_body(SteadyTime until) {
  const bool something = state_->complete || (!state_->rest.empty() && !state_->rest_taken);
  if (something) co_return true;
  Result<bool> readable = co_await state_->stream.wait_readable_until(until);
  co_return readable;
}

io::Task<Result<ClientResponse::Piece>> ClientResponse::read_body(SteadyTime deadline) {
  State& state = *state_;
  if (state.complete) co_return Piece{.data = {}, .last = true};
  if (state.rest_taken) {
    std::string().swap(state.rest);
    state.rest_taken = false;
  }
  if (!state.rest.empty()) {
    state.rest_taken = true;
    Result<Piece> piece = state.take(state.rest);
    if (!piece || piece->last || !piece->data.empty()) co_return piece;
    std::string().swap(state.rest);
    state.rest_taken = false;
  }
  for (;;) {
    const std::span<char> scratch = state.pool->worker.scratch();
    Result<std::size_t> got = co_await state.stream.read_some(scratch, deadline);
    if (!got) co_return std::unexpected(std::move(got.error()));
    if (*got == 0) co_return state.take_end();
    Result<Piece> piece = state.take(scratch.first(*got));
    if (!piece || piece->last || !piece->data.empty()) co_return piece;
  }
}

io::Task<Result<std::string>> ClientResponse::read_whole_body(std::size_t max_bytes, SteadyTime deadline) {
  std::string body;
  if (state_->head.framing.kind == BodyFraming::Kind::kLength) {
    if (state_->head.framing.length > max_bytes) {
      co_return fail(ErrorCode::kResourceExhausted, fmt::format("the answer is larger than {} bytes", max_bytes));
    }
    body.reserve(static_cast<std::size_t>(state_->head.framing.length));
  }
  for (;;) {
    Result<Piece> piece = co_await read_body(deadline);
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->data.size() > max_bytes - body.size()) {
      co_return fail(ErrorCode::kResourceExhausted, fmt::format("the answer is larger than {} bytes", max_bytes));
    }
    body += piece->data;
    if (piece->last) co_return body;
  }
}

}  // namespace sluice::http
