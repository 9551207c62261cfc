#include "controlplane/api/usage_messages.h"

#include <algorithm>

#include "common/money/money.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

void set_tokens(const usage::Event& row, sluice::usage::v1::TokenCounts& into) {
  into.set_input(row.input_tokens);
  into.set_output(row.output_tokens);
  into.set_cache_read(row.cache_read_tokens);
  into.set_cache_write_5m(row.cache_write_5m_tokens);
  into.set_cache_write_1h(row.cache_write_1h_tokens);
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

std::int32_t small(std::uint32_t value) {
  return static_cast<std::int32_t>(std::min<std::uint32_t>(value, INT32_MAX));
}

void to_message(const sluice::usage::v1::DecisionCandidate& from, v1::RequestCandidate& into) {
  into.set_account_id(from.account_id());
  into.set_priority(from.priority());
  into.set_running(from.running());
  into.set_waiting(from.waiting());
  into.set_concurrency(small(from.concurrency()));
  into.set_skipped(from.skipped());
}

void to_message(const sluice::usage::v1::DecisionAttempt& from, v1::RequestAttempt& into) {
  into.set_account_id(from.account_id());
  into.set_chosen_by(from.chosen_by());
  into.set_status(small(from.status()));
  into.set_started_us(number(from.started_us()));
  into.set_first_byte_us(number(from.first_byte_us()));
  into.set_ended_us(number(from.ended_us()));
  into.set_failure(from.failure());
  into.set_egress_proxy(from.egress_proxy());
}

void to_message(const sluice::usage::v1::DecisionWait& from, v1::RequestWait& into) {
  into.set_scope(from.scope());
  into.set_started_us(number(from.started_us()));
  into.set_waited_us(number(from.waited_us()));
  into.set_ended(from.ended());
}

}  // namespace

void to_message(const usage::Event& row, v1::UsageEvent& into) {
  into.set_event_id(row.event_id);
  set_time(into.mutable_started_at(), row.started_at);
  set_time(into.mutable_ended_at(), row.ended_at);
  into.set_user_id(row.user_id);
  into.set_api_key_id(row.api_key_id);
  into.set_group_id(row.group_id);
  into.set_account_id(row.account_id);
  into.set_protocol(row.protocol);
  into.set_requested_model(row.requested_model);
  into.set_served_model(row.served_model);
  into.set_streaming(row.streaming);
  into.set_outcome(static_cast<sluice::usage::v1::Outcome>(row.outcome));
  into.set_usage_state(static_cast<sluice::usage::v1::UsageState>(row.usage_state));
  set_tokens(row, *into.mutable_tokens());
  into.set_raw_usage(row.raw_usage);
  into.set_price_id(row.price_id);
  into.set_price_revision(row.price_revision);
  for (const usage::EventLine& line : row.lines) {
    sluice::usage::v1::PriceLine& added = *into.add_lines();
    added.set_kind(static_cast<sluice::usage::v1::LineKind>(line.kind));
    added.set_quantity(line.quantity);
    added.set_unit_price(line.unit_price);
  }
  into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(row.multiplier_ppm)));
  into.set_cost_usd(money::format_usd(row.cost_nano_usd));
  into.set_upstream_status(row.upstream_status);
  into.set_upstream_request_id(row.upstream_request_id);
  into.set_first_byte_us(row.first_byte_us);
  into.set_attempts(row.attempts);
  into.set_config_version(row.config_version);
  into.set_node_id(row.node_id);
  set_time(into.mutable_received_at(), row.received_at);
  into.set_wait_us(row.wait_us);
  into.set_upstream_model(row.upstream_model);
  if (row.purchase_nano_usd) into.set_purchase_usd(money::format_usd(*row.purchase_nano_usd));
}

void to_message(const usage::Decision& from, v1::RequestDecision& into) {
  const sluice::usage::v1::DecisionRecord& record = from.record;
  into.set_request_id(record.request_id());
  *into.mutable_started_at() = record.started_at();
  into.set_user_id(record.user_id());
  into.set_api_key_id(record.api_key_id());
  into.set_group_id(record.group_id());
  into.set_requested_model(record.requested_model());
  into.set_status(small(record.status()));
  into.set_outcome(record.outcome());
  for (const auto& candidate : record.candidates())
    to_message(candidate, *into.add_candidates());
  into.set_other_accounts(small(record.others()));
  for (const auto& attempt : record.attempts())
    to_message(attempt, *into.add_attempts());
  for (const auto& wait : record.waits())
    to_message(wait, *into.add_waits());
  into.set_total_us(number(record.total_us()));
  into.set_node_id(from.node_id);
}

}  // namespace sluice::api
