#include "dataplane/request/learn.h"

#include "common/base/random.h"

namespace sluice::request {

namespace {

using pick::Observation;
namespace v1 = sluice::usage::v1;

Observation observation(const Exchange& exchange) {
  const Clock& clock = exchange.services.clock;
  const auto took = std::chrono::duration_cast<SystemTime::duration>(clock.steady() - exchange.attempt_started);
  return {.account = *exchange.candidate.account,
          .model = exchange.call.model,
          .credential_revision = exchange.candidate.credential->revision,
          .began = clock.now() - took};
}

bool observe(Exchange& exchange, const Observation& seen) {
  return exchange.services.health.observe(seen);
}

// The control plane is asked for a new token; meanwhile the request may wait for it.
void report_refusal(Exchange& exchange, unsigned status) {
  const std::uint64_t revision = exchange.candidate.credential->revision;
  exchange.refused_credential = {exchange.candidate.account->id, revision};
  exchange.services.report_credential(exchange.candidate.account->id, revision, status);
}

Observation::Failure failure_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kConnect:
      return Observation::Failure::kConnect;
    case Failure::Kind::kTimeout:
      return Observation::Failure::kTimeout;
    case Failure::Kind::kEmpty:
      return Observation::Failure::kEmpty;
    case Failure::Kind::kGarbage:
      return Observation::Failure::kGarbage;
    default:
      return Observation::Failure::kCut;
  }
}

}  // namespace

bool learn_from_error(Exchange& exchange, const http::ResponseHead& head, std::string_view body) {
  Observation seen = observation(exchange);
  seen.status = head.status;
  seen.body = body;
  seen.limits = exchange.provider->read_limits(head, body, exchange.services.clock.now());
  const bool by_rule = observe(exchange, seen);
  if (head.status == 401) report_refusal(exchange, head.status);
  return by_rule;
}

void learn_from_error_event(Exchange& exchange, const protocol::UpstreamError& error) {
  Observation seen = observation(exchange);
  seen.status = error.status;
  seen.failure = Observation::Failure::kErrorEvent;
  observe(exchange, seen);
}

void learn_success(Exchange& exchange, const http::ResponseHead& head) {
  Observation seen = observation(exchange);
  seen.status = head.status;
  seen.limits = exchange.provider->read_limits(head, {}, exchange.services.clock.now());
  observe(exchange, seen);
}

void learn_stream_end(Exchange& exchange, const http::ResponseHead& head, const StreamEngine::End& end) {
  if (end.outcome == v1::OUTCOME_COMPLETE) {
    learn_success(exchange, head);
  } else if (end.outcome == v1::OUTCOME_UPSTREAM_CUT) {
    Observation seen = observation(exchange);
    seen.status = head.status;
    seen.failure = Observation::Failure::kCut;
    observe(exchange, seen);
  }
}

void learn_attempt(Exchange& exchange, const Failure* failure) {
  const SteadyTime now = exchange.services.clock.steady();
  if (failure == nullptr) {
    exchange.decision->attempt_ended(exchange.upstream_status, {}, now);
    return;
  }
  exchange.decision->attempt_ended(failure->upstream_status, to_string(failure->kind), now);
  // Statuses and error events were learned from where they were read; the gateway's and the client's ends teach
  // nothing.
  const bool unlearned = failure->kind != Failure::Kind::kStatus && failure->kind != Failure::Kind::kErrorEvent &&
                         failure->kind != Failure::Kind::kGateway && failure->kind != Failure::Kind::kClientGone;
  if (!unlearned) return;
  Observation seen = observation(exchange);
  seen.failure = failure_of(failure->kind);
  observe(exchange, seen);
}

void close_decision(Exchange& exchange) {
  if (exchange.decision == nullptr) return;
  const unsigned status = exchange.answer_status;
  const bool failed = status >= 400 || exchange.client_gone || exchange.ended_by_gateway;
  const std::string_view outcome = !exchange.refused_by.empty() ? exchange.refused_by
                                   : exchange.client_gone       ? "client_gone"
                                   : exchange.ended_by_gateway  ? "gateway_ended"
                                   : status < 400               ? "served"
                                   : exchange.attempts > 0      ? "upstream_error"
                                                                : "refused";
  exchange.decision->finish(status, outcome, exchange.services.clock.steady());
  exchange.services.decisions.add(*exchange.decision);
  const std::uint32_t sample = exchange.snapshot->settings().decision_sample_ppm();
  const bool sampled = sample != 0 && random_below(1'000'000) < sample;
  const bool stored = failed ? exchange.services.decision_rate.take(exchange.services.clock.steady()) : sampled;
  if (stored) exchange.services.journal.decision(pick::to_proto(*exchange.decision));
  exchange.decision.reset();
}

}  // namespace sluice::request
