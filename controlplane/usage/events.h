// Reads stored usage events. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::usage {

// One line of the price, before the multiplier.
struct EventLine {
  std::int32_t kind = 0;  // sluice.usage.v1.LineKind
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;
};

struct Event {
  std::string event_id;
  SystemTime started_at;
  SystemTime ended_at;
  std::string user_id, api_key_id, group_id, account_id;
  std::string protocol, requested_model, served_model;
  bool streaming = false;
  std::int32_t outcome = 0;      // sluice.usage.v1.Outcome
  std::int32_t usage_state = 0;  // sluice.usage.v1.UsageState
  std::int64_t input_tokens = 0, output_tokens = 0, cache_read_tokens = 0;
  std::int64_t cache_write_5m_tokens = 0, cache_write_1h_tokens = 0;
  std::string raw_usage;
  std::string price_id;  // empty if none was applied
  std::int64_t price_revision = 0;
  std::vector<EventLine> lines;
  std::int64_t multiplier_ppm = 0;
  std::int64_t cost_nano_usd = 0;
  std::int32_t upstream_status = 0;
  std::string upstream_request_id;
  std::int64_t first_byte_us = 0;
  std::int32_t attempts = 0;
  std::int64_t config_version = 0;
  std::string node_id;
  SystemTime received_at;
  std::int64_t wait_us = 0;
  std::string upstream_model;                          // empty: not mapped
  std::optional<std::int64_t> purchase_nano_usd = {};  // none: not known
};

// Every condition that is set must hold.
struct EventFilter {
  std::optional<std::string> user_id = {};
  std::optional<std::string> api_key_id = {};
  std::optional<std::string> group_id = {};
  std::optional<std::string> account_id = {};
  std::optional<std::string> model = {};        // as requested
  std::optional<SystemTime> from = {};          // started at or after
  std::optional<SystemTime> until = {};         // started before
  std::optional<std::int32_t> outcome = {};     // sluice.usage.v1.Outcome
  std::optional<std::string> error_class = {};  // report_filter.h
  std::optional<std::int64_t> min_cost_nano_usd = {};
};

// By start, newest first.
[[nodiscard]] Result<store::Page<Event>> list_events(db::Transaction& tx, const store::PageRequest& page,
                                                     const EventFilter& filter = {});
// kInvalidArgument if it is no UUID, kNotFound if there is none.
[[nodiscard]] Result<Event> get_event(db::Transaction& tx, std::string_view event_id);

}  // namespace sluice::usage
