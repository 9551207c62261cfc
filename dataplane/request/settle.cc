#include "dataplane/request/settle.h"

#include "common/money/money.h"
#include "common/observe/log.h"
#include "dataplane/usage/pricing.h"

namespace sluice::request {

namespace {

namespace v1 = sluice::usage::v1;

void set_time(google::protobuf::Timestamp& into, SystemTime at) {
  const auto us = at.time_since_epoch().count();
  into.set_seconds(us / 1'000'000);
  into.set_nanos(static_cast<std::int32_t>(us % 1'000'000) * 1000);
}

void set_tokens(v1::UsageEvent& event, const protocol::Usage& usage) {
  v1::TokenCounts& tokens = *event.mutable_tokens();
  tokens.set_input(usage.input.value_or(0));
  tokens.set_output(usage.output.value_or(0));
  tokens.set_cache_read(usage.cache_read.value_or(0));
  tokens.set_cache_write_5m(usage.cache_write_5m.value_or(0));
  tokens.set_cache_write_1h(usage.cache_write_1h.value_or(0));
  event.set_raw_usage(usage.raw);
}

// Validation of both keeps the product in range.
std::uint64_t multiplier(const Exchange& exchange) {
  return money::combine_multipliers(exchange.caller.group->multiplier_ppm, exchange.caller.user->multiplier_ppm)
      .value_or(0);
}

// Nothing is billed for an answer that never was one.
bool billed(v1::Outcome outcome) {
  return outcome != v1::OUTCOME_UPSTREAM_ERROR;
}

void price_what_was_seen(Exchange& exchange, v1::Outcome outcome) {
  v1::UsageEvent& event = *exchange.event;
  if (!billed(outcome) || event.usage_state() == v1::USAGE_STATE_ABSENT) return;
  if (Result<> priced = sluice::usage::price_event(event, *exchange.price, multiplier(exchange)); !priced) {
    observe::log(observe::Level::kError, "unpriced_event",
                 {{"request_id", exchange.id_text}, {"cause", priced.error().message}});
  }
}

}  // namespace

Step begin_event(Exchange& exchange) {
  if (exchange.endpoint != Endpoint::kMessages) return {};
  exchange.event = std::make_unique<v1::UsageEvent>();
  v1::UsageEvent& event = *exchange.event;
  event.set_event_id(exchange.id_text);
  set_time(*event.mutable_started_at(), exchange.arrived);
  event.set_user_id(exchange.caller.user->id);
  event.set_api_key_id(exchange.caller.key->id);
  event.set_group_id(exchange.caller.group->id);
  event.set_account_id(exchange.candidate.account->id);
  event.set_protocol(std::string(exchange.protocol->name()));
  event.set_requested_model(exchange.call.model);
  event.set_served_model(exchange.call.model);
  event.set_streaming(exchange.call.stream);
  event.set_price_id(exchange.price->id);
  event.set_price_revision(exchange.price->revision);
  event.set_multiplier_ppm(multiplier(exchange));
  event.set_usage_state(v1::USAGE_STATE_ABSENT);
  event.set_attempts(1);
  event.set_config_version(exchange.snapshot->version_number());
  if (Result<> written = exchange.services.journal.intent(event); !written) {
    exchange.event.reset();
    exchange.services.metrics.journal_failures.Increment();
    observe::log(observe::Level::kError, "journal_failed", {{"cause", written.error().message}});
    return std::unexpected(protocol::ApiError{
        .status = 503, .message = "the gateway cannot record usage at present and serves nothing", .retry_after = 30});
  }
  return {};
}

void note_upstream(Exchange& exchange, const http::ResponseHead& head) {
  if (exchange.event == nullptr) return;
  exchange.event->set_upstream_status(head.status);
  if (const auto id = http::find(head.fields, "request-id")) exchange.event->set_upstream_request_id(std::string(*id));
}

void note_first_byte(Exchange& exchange) {
  const auto passed = exchange.services.clock.now() - exchange.arrived;
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
  set_tokens(*exchange.event, usage);
  exchange.event->set_usage_state(v1::USAGE_STATE_PARTIAL);
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
  if (usage != nullptr && !usage->absent()) {
    set_tokens(event, *usage);
    const bool whole = usage->reported() && outcome == v1::OUTCOME_COMPLETE;
    event.set_usage_state(whole ? v1::USAGE_STATE_REPORTED : v1::USAGE_STATE_PARTIAL);
  }
  price_what_was_seen(exchange, outcome);
  if (Result<> written = exchange.services.journal.final(event); !written) {
    exchange.services.metrics.journal_failures.Increment();
    observe::log(observe::Level::kError, "journal_failed",
                 {{"request_id", exchange.id_text}, {"cause", written.error().message}});
  }
}

}  // namespace sluice::request
