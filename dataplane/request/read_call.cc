#include "dataplane/request/read_call.h"

#include <fmt/format.h>

#include "common/base/random.h"
#include "dataplane/pick/sticky.h"

namespace sluice::request {

namespace {

bool is_json(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  if (content_type.size() < kJson.size() || !http::same_name(content_type.substr(0, kJson.size()), kJson)) return false;
  content_type.remove_prefix(kJson.size());
  return content_type.empty() || content_type.front() == ';' || content_type.front() == ' ';
}

std::unexpected<protocol::ApiError> overloaded() {
  return std::unexpected(protocol::ApiError{
      .status = 529, .message = "the gateway is overloaded; try again shortly", .retry_after = 1 + random_below(4)});
}

// A chunked body tells its size only as it comes: room for the usual is taken, read_body() keeps to the limit.
Step make_room(Exchange& exchange, std::size_t limit) {
  constexpr std::uint64_t kUsualBody = 1024 * 1024;
  const http::BodyFraming& framing = exchange.client.head().framing;
  const std::uint64_t announced = framing.kind == http::BodyFraming::Kind::kLength ? framing.length : kUsualBody;
  if (announced > limit || exchange.body_room.take(exchange.services.overload, announced)) return {};
  exchange.client.close_after_answer();
  return overloaded();
}

}  // namespace

io::Task<Step> read_call(Exchange& exchange) {
  const auto content_type = http::find(exchange.client.head().fields, "content-type");
  if (!content_type || !is_json(*content_type)) {
    co_return std::unexpected(
        protocol::ApiError{.status = 415, .message = "content-type: application/json is required"});
  }
  const std::uint64_t configured = exchange.snapshot->settings().max_body_bytes();
  const std::size_t limit = configured != 0 ? configured : exchange.services.settings.max_body_bytes;
  if (Step room = make_room(exchange, limit); !room) co_return room;
  Result<std::string> body = co_await exchange.client.read_body(limit);
  if (!body) {
    const http::Refusal& refusal = exchange.client.refusal();
    co_return std::unexpected(protocol::ApiError{.status = refusal.status, .message = refusal.message});
  }
  exchange.body = std::move(*body);
  // Refused here and not before the body, so that the connection stays good; what is saved is everything after.
  if (!exchange.taken.take(exchange.services.overload)) co_return overloaded();

  Result<protocol::Call> call = exchange.protocol->read_call(exchange.body);
  if (!call) co_return std::unexpected(protocol::ApiError{.status = 400, .message = call.error().message});
  exchange.call = std::move(*call);
  if (std::string named = pick::session_of(exchange.client.head().fields); !named.empty()) {
    exchange.call.session = std::move(named);
  }
  co_return Step{};
}

}  // namespace sluice::request
