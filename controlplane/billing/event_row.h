// A usage event as a row: checked and converted. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/uuid.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::billing {

struct EventRow {
  const usage::v1::UsageEvent* event = nullptr;  // for every column that needs no conversion; borrowed
  std::chrono::sys_days day;                     // of the event id
  Uuid event_id, user_id, api_key_id, group_id, account_id;
  SystemTime started_at, ended_at;
  std::optional<std::string> price_id;
  std::string lines;           // JSON: [[kind, quantity, unit price], ...]
  bool names_wallet = false;   // among its purses
  std::string budget_windows;  // of its purses, the key's window ids, separated by spaces
  // Whose windows pay instead of the wallet; whether it is the user's is for the database to say.
  std::optional<Uuid> subscription_id;
  std::string subscription_windows;
};

// kInvalidArgument with the reason if the event must not become money: malformed or non-v7 ids, times that cannot be
// (older than 400 days, more than a day ahead), negative numbers, a cost that is not that of its lines, or purses that
// are not those of its user and key.
[[nodiscard]] Result<EventRow> to_row(const usage::v1::UsageEvent& event, SystemTime now);

// UTF-8 without NUL, as PostgreSQL wants it; what is not becomes '?'.
[[nodiscard]] std::string clean_text(std::string text);

}  // namespace sluice::billing
