#include "dataplane/request/forward.h"

#include "dataplane/request/acquire.h"
#include "dataplane/request/attempt.h"
#include "dataplane/request/learn.h"
#include "dataplane/request/relay.h"
#include "dataplane/request/reply.h"
#include "dataplane/request/settle.h"

namespace sluice::request {

namespace {

constexpr std::uint32_t kAttempts = 4;  // where the settings say nothing

sluice::usage::v1::Outcome outcome_of(const Exchange& exchange) {
  if (exchange.client_gone) return sluice::usage::v1::OUTCOME_CLIENT_GONE;
  if (exchange.ended_by_gateway) return sluice::usage::v1::OUTCOME_GATEWAY_ENDED;
  return sluice::usage::v1::OUTCOME_UPSTREAM_ERROR;
}

// While slots and upstreams are waited for, nobody reads from the client: a closed connection is noticed here.
void watch_client(Exchange& exchange) {
  exchange.client.stream().watch_for_close([&exchange] { exchange.on_client_gone(); });
}

void start_keepalives(Exchange& exchange) {
  if (!exchange.call.stream) return;
  const std::uint32_t first = exchange.snapshot->settings().waiting().first_keepalive_ms();
  const auto period = exchange.keepalive_period();
  exchange.answer.keep_alive(*exchange.protocol,
                             first != 0 ? std::chrono::milliseconds(first) : std::min(kFirstKeepalive, period), period);
}

bool may_try_again(Exchange& exchange, const Failure& failure) {
  if (!failure.elsewhere || exchange.client_gone || exchange.ended_by_gateway) return false;
  const std::uint32_t configured = exchange.snapshot->settings().failover().attempts();
  if (exchange.attempts >= (configured != 0 ? configured : kAttempts)) return false;
  if (exchange.services.clock.steady() >= exchange.commit_deadline) return false;
  return exchange.services.retries.take();
}

// What the client gets of a request that nobody could serve: the last upstream's own answer, or an error of ours.
io::Task<> give_up(Exchange& exchange, std::optional<Failure> failure, protocol::ApiError error) {
  if (failure && failure->answer) {
    co_await relay_kept(exchange, std::move(*failure->answer));
    co_return;
  }
  settle(exchange, outcome_of(exchange), nullptr);
  if (exchange.client_gone) {
    co_await exchange.answer.quiet();
    exchange.client.stream().abort();
    co_return;
  }
  co_await reply_error(exchange, failure ? std::move(failure->error) : std::move(error));
}

void open_decision(Exchange& exchange) {
  exchange.decision = std::make_unique<pick::Decision>();
  exchange.decision->begin(exchange.id_text, exchange.arrived, exchange.started);
  exchange.decision->caller(exchange.caller.user->id, exchange.caller.key->id, exchange.caller.group->id);
  exchange.decision->model(exchange.call.model);
}

// Calls upstreams until one has answered or nobody is left.
io::Task<> try_accounts(Exchange& exchange) {
  std::optional<Failure> failure;
  for (;;) {
    const Step acquired = co_await acquire(exchange);
    if (!acquired) {
      co_await give_up(exchange, std::move(failure), acquired.error());
      co_return;
    }
    failure = co_await attempt(exchange);
    learn_attempt(exchange, failure ? &*failure : nullptr);
    if (!failure) co_return;
    exchange.permit.release_account();
    exchange.services.chooser.loads().released(exchange.candidate.account->id, exchange.services.clock.steady());
    exchange.tried.push_back(exchange.candidate.account->id);
    const bool again = may_try_again(exchange, *failure);
    if (!again) {
      co_await give_up(exchange, std::move(failure), {});
      co_return;
    }
    exchange.services.metrics.failovers.Increment();
  }
}

}  // namespace

io::Task<> forward(Exchange& exchange) {
  open_decision(exchange);
  watch_client(exchange);
  start_keepalives(exchange);
  exchange.services.retries.earn();
  co_await try_accounts(exchange);
  co_await exchange.answer.quiet();
  close_decision(exchange);
}

}  // namespace sluice::request
