#include "dataplane/request/read_call.h"

#include <fmt/format.h>

namespace sluice::request {

namespace {

bool is_json(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  if (content_type.size() < kJson.size() || !http::same_name(content_type.substr(0, kJson.size()), kJson)) return false;
  content_type.remove_prefix(kJson.size());
  return content_type.empty() || content_type.front() == ';' || content_type.front() == ' ';
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
  Result<std::string> body = co_await exchange.client.read_body(limit);
  if (!body) {
    const http::Refusal& refusal = exchange.client.refusal();
    co_return std::unexpected(protocol::ApiError{.status = refusal.status, .message = refusal.message});
  }
  exchange.body = std::move(*body);

  Result<protocol::Call> call = exchange.protocol->read_call(exchange.body);
  if (!call) co_return std::unexpected(protocol::ApiError{.status = 400, .message = call.error().message});
  exchange.call = std::move(*call);
  co_return Step{};
}

}  // namespace sluice::request
