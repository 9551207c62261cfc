#include "dataplane/request/attempt.h"

#include <fmt/format.h>

#include "common/json/splice.h"
#include "common/observe/log.h"
#include "dataplane/request/relay.h"
#include "dataplane/request/settle.h"

namespace sluice::request {

namespace {

Failure failed(Failure::Kind kind, unsigned status, std::string message, bool elsewhere) {
  Failure failure;
  failure.kind = kind;
  failure.elsewhere = elsewhere;
  failure.error = {.status = status, .message = std::move(message), .retry_after = 1};
  return failure;
}

Failure explain(const Exchange& exchange, const http::ClientError& error) {
  if (exchange.client_gone) return failed(Failure::Kind::kClientGone, 499, "the client closed the connection", false);
  if (exchange.ended_by_gateway) {
    return failed(Failure::Kind::kGateway, 503, "the gateway is restarting; try again", false);
  }
  observe::log(observe::Level::kWarn, "upstream_failed",
               {{"request_id", exchange.id_text},
                {"account_id", exchange.candidate.account->id},
                {"stage", error.stage == http::ClientError::Stage::kConnect ? "connect" : "answer"},
                {"cause", error.error.message}});
  if (error.error.code == ErrorCode::kDeadlineExceeded) {
    return failed(Failure::Kind::kTimeout, 504, "the upstream did not answer in time", true);
  }
  const auto kind = error.stage == http::ClientError::Stage::kConnect ? Failure::Kind::kConnect : Failure::Kind::kCut;
  return failed(kind, 502, "the upstream could not be reached or broke the connection", true);
}

// The body as the account's upstream wants it: a mapped model name is spliced in, no other byte changes.
Result<std::string_view> upstream_body(Exchange& exchange, std::string& spliced) {
  if (exchange.upstream_model.empty()) return std::string_view(exchange.body);
  auto body = json::replace_string(exchange.body, "model", exchange.upstream_model);
  if (!body) return std::unexpected(body.error());
  spliced = std::move(*body);
  return std::string_view(spliced);
}

// The account's proxies, in its order. False if it names some and none can be used: direct is never a fallback.
using Egress = std::vector<std::shared_ptr<const io::Proxy>>;
bool find_egress(const Exchange& exchange, Egress& into) {
  const std::vector<std::string>& ids = exchange.candidate.account->egress_proxy_ids;
  for (const std::string& id : ids) {
    const snapshot::EgressProxyEntry* entry = exchange.snapshot->egress_proxy(id);
    // Shares the snapshot's life, without a copy.
    if (entry != nullptr && entry->active) into.emplace_back(exchange.snapshot, &entry->proxy);
  }
  return ids.empty() || !into.empty();
}

}  // namespace

io::Task<std::optional<Failure>> attempt(Exchange& exchange) {
  exchange.upstream_model = pick::upstream_model(*exchange.candidate.account, exchange.call.model);
  if (exchange.upstream_model.empty() && !exchange.alias.empty()) exchange.upstream_model = exchange.call.model;
  std::string spliced;
  const Result<std::string_view> body = upstream_body(exchange, spliced);
  if (!body) co_return failed(Failure::Kind::kGateway, 400, body.error().message, false);
  provider::UpstreamRequest upstream;
  const Result<> built = exchange.provider->build(exchange.client.head(), *exchange.candidate.account,
                                                  *exchange.candidate.credential, upstream);
  if (!built) {
    observe::log(observe::Level::kError, "account_unusable",
                 {{"account_id", exchange.candidate.account->id}, {"cause", built.error().message}});
    co_return failed(Failure::Kind::kGateway, 503, "the upstream account is misconfigured", true);
  }
  Egress egress;
  if (!find_egress(exchange, egress)) {
    co_return failed(Failure::Kind::kGateway, 503, "the upstream account has no usable egress proxy", true);
  }
  // Nothing goes upstream before the journal knows of it.
  if (Step step = begin_attempt(exchange); !step) {
    Failure failure = failed(Failure::Kind::kGateway, step.error().status, {}, false);
    failure.error = step.error();
    co_return failure;
  }

  const http::ClientRequest request{.origin = upstream.origin,
                                    .method = exchange.client.head().method,
                                    .target = upstream.target,
                                    .fields = upstream.fields,
                                    .body = *body,
                                    .proxies = egress};
  const SteadyTime head_deadline = std::min(exchange.first_content_deadline(),
                                            exchange.services.clock.steady() + exchange.services.settings.first_byte);
  exchange.upstream_status = 0;
  exchange.services.health.health().started(exchange.candidate.account->id, exchange.services.clock.now());
  exchange.decision->attempt_started(exchange.candidate.account->id, exchange.chosen_by, {}, exchange.attempt_started);
  auto answer = co_await exchange.services.upstreams.send(request, head_deadline, &exchange.upstream_cancel);
  if (!egress.empty()) exchange.decision->egress(answer ? answer->via() : answer.error().via);
  if (!answer) {
    exchange.services.metrics.upstream_failures.Increment();
    co_return explain(exchange, answer.error());
  }
  note_upstream(exchange, answer->head());
  std::optional<Failure> failure = co_await relay(exchange, std::move(*answer));
  co_return failure;
}

}  // namespace sluice::request
