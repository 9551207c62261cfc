#include "dataplane/request/upstream_body.h"

#include <algorithm>

namespace sluice::request {

namespace {

// One read of compressed bytes may not come to more than this.
constexpr std::size_t kMaxPiece = 16 * 1024 * 1024;

}  // namespace

Result<UpstreamBody> UpstreamBody::open(http::ClientResponse answer) {
  const std::string_view coding = http::find(answer.head().fields, "content-encoding").value_or("identity");
  if (coding.empty() || http::same_name(coding, "identity")) return UpstreamBody(std::move(answer), std::nullopt);
  Result<http::Inflater> inflater = http::Inflater::for_encoding(coding);
  if (!inflater) return std::unexpected(inflater.error());
  return UpstreamBody(std::move(answer), std::move(*inflater));
}

io::Task<Result<bool>> UpstreamBody::wait(SteadyTime until) {
  Result<bool> ready = co_await answer_.wait_body(until);
  co_return ready;
}

Result<> UpstreamBody::inflate(std::string_view bytes, bool last, std::size_t max_bytes) {
  bool too_large = false;
  const Result<> pushed = inflater_->push(bytes, [&](std::string_view out) {
    too_large = too_large || plain_.size() + out.size() > max_bytes;
    if (!too_large) plain_ += out;
  });
  if (!pushed) return pushed;
  if (too_large) return fail(ErrorCode::kResourceExhausted, "the upstream's answer is too large once decompressed");
  if (last && !inflater_->finished()) {
    return fail(ErrorCode::kClosed, "the upstream's compressed answer ended before it was complete");
  }
  return {};
}

io::Task<Result<http::ClientResponse::Piece>> UpstreamBody::read(SteadyTime deadline) {
  Result<http::ClientResponse::Piece> piece = co_await answer_.read_body(deadline);
  if (!piece || !inflater_) co_return piece;
  plain_.clear();
  if (const Result<> inflated = inflate(piece->data, piece->last, kMaxPiece); !inflated) {
    co_return std::unexpected(inflated.error());
  }
  co_return http::ClientResponse::Piece{plain_, piece->last};
}

io::Task<Result<std::string>> UpstreamBody::read_whole(std::size_t max_bytes, const Clock& clock,
                                                       std::chrono::milliseconds idle, SteadyTime deadline) {
  std::string body;
  for (;;) {
    const SteadyTime now = clock.steady();
    if (now >= deadline) co_return fail(ErrorCode::kDeadlineExceeded, "the upstream's answer takes too long");
    const Result<http::ClientResponse::Piece> piece = co_await read(std::min(deadline, now + idle));
    if (!piece) co_return std::unexpected(piece.error());
    if (body.size() + piece->data.size() > max_bytes) {
      co_return fail(ErrorCode::kResourceExhausted, "the upstream's answer is too large");
    }
    body += piece->data;
    if (piece->last) co_return body;
  }
}

}  // namespace sluice::request
