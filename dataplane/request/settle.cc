#include "dataplane/request/settle.h"

#include "common/observe/log.h"
#include "dataplane/request/estimate.h"
#include "dataplane/usage/pricing.h"

namespace sluice::request {

namespace {

namespace v1 = sluice::usage::v1;

void set_time(google::protobuf::Timestamp& into, SystemTime at) {
  const auto us = at.time_since_epoch().count();
  into.set_seconds(us / 1'000'000);
  into.set_nanos(static_cast<std::int32_t>(us % 1'000'000) * 1000);
}

void set_tokens(v1::UsageEvent& event, const protocol::Usage& usage, bool estimated) {
  v1::TokenCounts& tokens = *event.mutable_tokens();
  tokens.set_input(usage.input.value_or(0));
  tokens.set_output(std::max(usage.output.value_or(0), estimated ? usage.output_seen : 0));
  tokens.set_cache_read(usage.cache_read.value_or(0));
  tokens.set_cache_write_5m(usage.cache_write_5m.value_or(0));
  tokens.set_cache_write_1h(usage.cache_write_1h.value_or(0));
  event.set_raw_usage(usage.raw);
}

// Nothing is billed for an answer that never was one.
bool billed(v1::Outcome outcome) {
  return outcome != v1::OUTCOME_UPSTREAM_ERROR;
}

void price_what_was_seen(Exchange& exchange, v1::Outcome outcome) {
  v1::UsageEvent& event = *exchange.event;
  if (!billed(outcome) || event.usage_state() == v1::USAGE_STATE_ABSENT) return;
  if (Result<> priced = sluice::usage::price_event(event, *exchange.price, exchange.multiplier_ppm); !priced) {
    observe::log(observe::Level::kError, "unpriced_event",
                 {{"request_id", exchange.id_text}, {"cause", priced.error().message}});
  }
}

// An answer that broke off has not reported its last output: what passed counts, and is marked as our estimate.
void set_usage(v1::UsageEvent& event, const protocol::Usage& usage, v1::Outcome outcome) {
  const bool whole = outcome == v1::OUTCOME_COMPLETE;
  const bool estimated = usage.output_seen > usage.output.value_or(0) && (!whole || !usage.output);
  if (usage.absent() && !estimated) return;
  set_tokens(event, usage, estimated);
  const bool reported = whole && usage.reported();
  event.set_usage_state(estimated  ? v1::USAGE_STATE_ESTIMATED
                        : reported ? v1::USAGE_STATE_REPORTED
                                   : v1::USAGE_STATE_PARTIAL);
}

std::unique_ptr<v1::UsageEvent> new_event(const Exchange& exchange) {
  auto event = std::make_unique<v1::UsageEvent>();
  event->set_event_id(exchange.id_text);
  set_time(*event->mutable_started_at(), exchange.arrived);
  event->set_user_id(exchange.caller.user->id);
  event->set_api_key_id(exchange.caller.key->id);
  event->set_group_id(exchange.caller.group->id);
  event->set_protocol(std::string(exchange.protocol->name()));
  event->set_requested_model(exchange.alias.empty() ? exchange.call.model : exchange.alias);
  event->set_served_model(exchange.call.model);
  event->set_streaming(exchange.call.stream);
  event->set_price_id(exchange.price->id);
  event->set_price_revision(exchange.price->revision);
  event->set_multiplier_ppm(exchange.multiplier_ppm);
  event->set_usage_state(v1::USAGE_STATE_ABSENT);
  event->set_config_version(exchange.snapshot->version_number());
  for (std::string& purse : exchange.permit.purses())
    event->add_purses(std::move(purse));
  return event;
}

}  // namespace

// A later attempt only changes the record of the first: the request is one event, whoever serves it in the end.
Step begin_attempt(Exchange& exchange) {
  exchange.attempt_started = exchange.services.clock.steady();
  ++exchange.attempts;
  if (exchange.endpoint != Endpoint::kMessages) return {};
  const bool first = exchange.event == nullptr;
  if (first) exchange.event = new_event(exchange);
  v1::UsageEvent& event = *exchange.event;
  event.set_account_id(exchange.candidate.account->id);
  event.set_upstream_model(exchange.upstream_model);
  event.set_attempts(exchange.attempts);
  event.set_wait_us(static_cast<std::uint64_t>(exchange.permit.waited().count()));
  const Result<> written = first ? exchange.services.journal.intent(event) : exchange.services.journal.progress(event);
  if (written) return {};
  if (first) exchange.event.reset();
  exchange.services.metrics.journal_failures.Increment();
  observe::log(observe::Level::kError, "journal_failed", {{"cause", written.error().message}});
  return std::unexpected(protocol::ApiError{
      .status = 503, .message = "the gateway cannot record usage at present and serves nothing", .retry_after = 30});
}

void note_upstream(Exchange& exchange, const http::ResponseHead& head) {
  exchange.upstream_status = head.status;
  if (exchange.event == nullptr) return;
  exchange.event->set_upstream_status(head.status);
  if (const auto id = http::find(head.fields, "request-id")) exchange.event->set_upstream_request_id(std::string(*id));
}

void note_first_byte(Exchange& exchange) {
  const auto passed = exchange.services.clock.now() - exchange.arrived;
  if (exchange.decision != nullptr) exchange.decision->first_byte(exchange.services.clock.steady());
  exchange.answer_status = exchange.upstream_status;
  exchange.services.metrics.first_byte_seconds.Observe(std::chrono::duration<double>(passed).count());
  if (exchange.event != nullptr) {
    exchange.event->set_first_byte_us(static_cast<std::uint64_t>(std::max<std::int64_t>(1, passed.count())));
  }
}

void note_progress(Exchange& exchange, const protocol::Usage& usage) {
  if (exchange.event == nullptr || exchange.settled) return;
  const SteadyTime now = exchange.services.clock.steady();
  if (now < exchange.next_progress) return;
  exchange.next_progress = now + std::chrono::seconds(1);
  set_usage(*exchange.event, usage, v1::OUTCOME_NODE_CRASH);
  price_what_was_seen(exchange, v1::OUTCOME_NODE_CRASH);
  // A lost progress record only makes a crash cheaper for the user; FINAL still bills in full.
  if (Result<> written = exchange.services.journal.progress(*exchange.event); !written) {
    exchange.services.metrics.journal_failures.Increment();
  }
}

void settle(Exchange& exchange, v1::Outcome outcome, const protocol::Usage* usage) {
  if (exchange.event == nullptr || exchange.settled) return;
  exchange.settled = true;
  v1::UsageEvent& event = *exchange.event;
  set_time(*event.mutable_ended_at(), exchange.services.clock.now());
  event.set_outcome(outcome);
  event.set_usage_state(v1::USAGE_STATE_ABSENT);
  event.clear_lines();  // of a PROGRESS record
  event.clear_cost_nano_usd();
  if (usage != nullptr) set_usage(event, *usage, outcome);
  price_what_was_seen(exchange, outcome);
  if (Result<> written = exchange.services.journal.final(event); !written) {
    exchange.services.metrics.journal_failures.Increment();
    observe::log(observe::Level::kError, "journal_failed",
                 {{"request_id", exchange.id_text}, {"cause", written.error().message}});
  }
  exchange.permit.settle(event.cost_nano_usd(), usage == nullptr ? 0 : total_tokens(*usage));
}

}  // namespace sluice::request
