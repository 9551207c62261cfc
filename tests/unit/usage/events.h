// Usage events for tests: event number n has the same id in every process.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "common/base/uuid.h"
#include "dataplane/snapshot/entries.h"
#include "dataplane/usage/pricing.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::usage::testing {

inline std::string event_id(std::uint32_t n) {
  return fmt::format("019abcde-{:04x}-7000-8000-{:012x}", n >> 16, n);
}

inline snapshot::PriceEntry price() {
  snapshot::PriceEntry entry;
  entry.id = "019abcde-0000-7000-8000-0000000000ff";
  entry.revision = 3;
  entry.input = 3'000'000'000;
  entry.output = 15'000'000'000;
  entry.cache_read = 300'000'000;
  entry.cache_write_5m = 3'750'000'000;
  entry.cache_write_1h = 6'000'000'000;
  return entry;
}

inline v1::UsageEvent event(std::uint32_t n) {
  v1::UsageEvent event;
  event.set_event_id(event_id(n));
  event.mutable_started_at()->set_seconds(1'780'000'000);
  event.set_user_id("019abcde-0000-7000-8000-000000000001");
  event.set_protocol("anthropic");
  event.set_requested_model("claude-sonnet-4-5");
  return event;
}

// With tokens that depend on n, priced.
inline v1::UsageEvent used(std::uint32_t n) {
  v1::UsageEvent event = testing::event(n);
  event.mutable_tokens()->set_input(10 + n);
  event.mutable_tokens()->set_output(n);
  event.set_usage_state(v1::USAGE_STATE_REPORTED);
  event.set_outcome(v1::OUTCOME_COMPLETE);
  static_cast<void>(price_event(event, price(), 1'000'000));
  return event;
}

}  // namespace sluice::usage::testing
