#include "dataplane/request/attempt.h"

#include <fmt/format.h>

#include "common/observe/log.h"
#include "dataplane/request/relay.h"
#include "dataplane/request/settle.h"

namespace sluice::request {

namespace {

std::unexpected<protocol::ApiError> failed(unsigned status, std::string message) {
  return std::unexpected(protocol::ApiError{.status = status, .message = std::move(message), .retry_after = 1});
}

// While the upstream is waited for, nobody reads from the client: a closed connection is noticed here.
void watch_client(Exchange& exchange) {
  const bool drain =
      exchange.caller.group->interruption_policy == config::v1::INTERRUPTION_POLICY_DRAIN && exchange.event != nullptr;
  exchange.client.stream().watch_for_close([&exchange, drain] {
    exchange.client_gone = true;
    if (!drain) exchange.upstream_cancel.cancel();
  });
}

Step explain(Exchange& exchange, const http::ClientError& error) {
  if (exchange.client_gone) {
    settle(exchange, sluice::usage::v1::OUTCOME_CLIENT_GONE, nullptr);
    return failed(499, "the client closed the connection");
  }
  settle(
      exchange,
      exchange.ended_by_gateway ? sluice::usage::v1::OUTCOME_GATEWAY_ENDED : sluice::usage::v1::OUTCOME_UPSTREAM_ERROR,
      nullptr);
  exchange.services.metrics.upstream_failures.Increment();
  observe::log(observe::Level::kWarn, "upstream_failed",
               {{"request_id", exchange.id_text},
                {"account_id", exchange.candidate.account->id},
                {"stage", error.stage == http::ClientError::Stage::kConnect ? "connect" : "answer"},
                {"cause", error.error.message}});
  if (exchange.ended_by_gateway) return failed(503, "the gateway is restarting; try again");
  if (error.error.code == ErrorCode::kDeadlineExceeded) return failed(504, "the upstream did not answer in time");
  return failed(502, "the upstream could not be reached or broke the connection");
}

}  // namespace

io::Task<Step> attempt(Exchange& exchange) {
  provider::UpstreamRequest upstream;
  const Result<> built = exchange.provider->build(exchange.client.head(), *exchange.candidate.account,
                                                  *exchange.candidate.credential, upstream);
  if (!built) {
    observe::log(observe::Level::kError, "account_unusable",
                 {{"account_id", exchange.candidate.account->id}, {"cause", built.error().message}});
    co_return failed(503, "the upstream account is misconfigured");
  }
  // Nothing goes upstream before the journal knows of it.
  if (Step step = begin_event(exchange); !step) co_return step;

  watch_client(exchange);
  const http::ClientRequest request{.origin = upstream.origin,
                                    .method = exchange.client.head().method,
                                    .target = upstream.target,
                                    .fields = upstream.fields,
                                    .body = exchange.body};
  const SteadyTime head_deadline =
      std::min(exchange.deadline, exchange.services.clock.steady() + exchange.services.settings.first_byte);
  auto answer = co_await exchange.services.upstreams.send(request, head_deadline, &exchange.upstream_cancel);
  exchange.body = {};
  if (!answer) co_return explain(exchange, answer.error());
  note_upstream(exchange, answer->head());

  Step relayed = co_await relay(exchange, std::move(*answer));
  co_return relayed;
}

}  // namespace sluice::request
