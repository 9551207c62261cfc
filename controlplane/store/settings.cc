#include "controlplane/store/settings.h"

#include "controlplane/store/api_keys.h"
#include "controlplane/store/change_log.h"
#include "controlplane/store/json_columns.h"
#include "controlplane/store/key_spending.h"
#include "controlplane/store/row_access.h"
#include "controlplane/store/subscription_spending.h"

namespace sluice::store {
namespace {

#define SLUICE_SETTINGS_COLUMNS                                                                        \
  "max_body_bytes, keepalive_seconds, default_user_concurrency, billing_time_zone, waiting_per_user, " \
  "waiting_per_account, waiting_limit_ms, first_keepalive_ms, sticky_ttl_seconds, sticky_waiting, "    \
  "sticky_wait_ms, failover_attempts, failover_deadline_ms, first_content_ms, local_replies, "         \
  "money_without_redis, decision_sample_ppm, revision, updated_at, clock_timestamp() AS at"

constexpr std::string_view kRefuse = "refuse";
constexpr std::string_view kLocalShare = "local_share";

std::uint32_t number(const db::Row& row, std::string_view column) {
  return row.get<std::uint32_t>(column);
}

void read_parts(const db::Row& row, config::v1::Settings& out) {
  config::v1::Waiting waiting;
  waiting.set_per_user(number(row, "waiting_per_user"));
  waiting.set_per_account(number(row, "waiting_per_account"));
  waiting.set_limit_ms(number(row, "waiting_limit_ms"));
  waiting.set_first_keepalive_ms(number(row, "first_keepalive_ms"));
  if (waiting.ByteSizeLong() > 0) *out.mutable_waiting() = std::move(waiting);
  config::v1::Stickiness sticky;
  sticky.set_ttl_seconds(number(row, "sticky_ttl_seconds"));
  sticky.set_waiting(number(row, "sticky_waiting"));
  sticky.set_wait_ms(number(row, "sticky_wait_ms"));
  if (sticky.ByteSizeLong() > 0) *out.mutable_stickiness() = std::move(sticky);
  config::v1::Failover failover;
  failover.set_attempts(number(row, "failover_attempts"));
  failover.set_deadline_ms(number(row, "failover_deadline_ms"));
  failover.set_first_content_ms(number(row, "first_content_ms"));
  if (failover.ByteSizeLong() > 0) *out.mutable_failover() = std::move(failover);
}

Settings read_settings(const db::Row& row) {
  Settings out{.revision = row.get<std::int64_t>("revision"), .updated_at = row.get<SystemTime>("updated_at")};
  out.value.set_max_body_bytes(row.get<std::uint64_t>("max_body_bytes"));
  out.value.set_keepalive_seconds(number(row, "keepalive_seconds"));
  out.value.set_default_user_concurrency(number(row, "default_user_concurrency"));
  out.value.set_billing_time_zone(row.get<std::string>("billing_time_zone"));
  read_parts(row, out.value);
  *out.value.mutable_local_replies() = replies_of(row.get<std::string>("local_replies"));
  if (row.get<std::string>("money_without_redis") == kRefuse) {
    out.value.set_money_without_redis(config::v1::OUTAGE_POLICY_REFUSE);
  }
  out.value.set_decision_sample_ppm(number(row, "decision_sample_ppm"));
  return out;
}

Result<db::Rows> write(db::Transaction& tx, const Settings& settings) {
  const config::v1::Settings& value = settings.value;
  const bool refuse = value.money_without_redis() == config::v1::OUTAGE_POLICY_REFUSE;
  return tx.exec(
      "UPDATE settings SET max_body_bytes = $2, keepalive_seconds = $3, default_user_concurrency = $4, "
      "billing_time_zone = $5, waiting_per_user = $6, waiting_per_account = $7, waiting_limit_ms = $8, "
      "first_keepalive_ms = $9, sticky_ttl_seconds = $10, sticky_waiting = $11, sticky_wait_ms = $12, "
      "failover_attempts = $13, failover_deadline_ms = $14, first_content_ms = $15, local_replies = $16, "
      "money_without_redis = $17, decision_sample_ppm = $18, "
      "revision = revision + 1, updated_at = now() WHERE revision = $1 RETURNING " SLUICE_SETTINGS_COLUMNS,
      settings.revision, value.max_body_bytes(), value.keepalive_seconds(), value.default_user_concurrency(),
      value.billing_time_zone(), value.waiting().per_user(), value.waiting().per_account(), value.waiting().limit_ms(),
      value.waiting().first_keepalive_ms(), value.stickiness().ttl_seconds(), value.stickiness().waiting(),
      value.stickiness().wait_ms(), value.failover().attempts(), value.failover().deadline_ms(),
      value.failover().first_content_ms(), to_json(value.local_replies()), refuse ? kRefuse : kLocalShare,
      value.decision_sample_ppm());
}

// The windows of the new zone have the same names and other bounds.
Result<> move_windows(db::Transaction& tx, SystemTime now, const std::string& time_zone) {
  auto rows = tx.exec("SELECT DISTINCT api_key_id::text AS id FROM api_key_budgets");
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> ids;
  for (const db::Row row : *rows)
    ids.push_back(row.get<std::string>("id"));
  if (auto summed = sum_key_spending(tx, ids, now, time_zone); !summed) return summed;
  if (auto summed = sum_subscription_spending(tx, now, time_zone); !summed) return summed;
  return touch_api_keys(tx, ids);
}

}  // namespace

Result<Settings> get_settings(db::Transaction& tx) {
  return one(tx.exec("SELECT " SLUICE_SETTINGS_COLUMNS " FROM settings"), read_settings,
             [] { return fail(ErrorCode::kDataLoss, "the row of settings is gone"); });
}

Result<Settings> update_settings(db::Transaction& tx, const Settings& settings) {
  auto before = get_settings(tx);
  if (!before) return before;
  const bool moves = before->value.billing_time_zone() != settings.value.billing_time_zone();
  if (moves) {
    if (auto owned = own_key_spending(tx); !owned) return std::unexpected(owned.error());
  }
  auto rows = write(tx, settings);
  auto updated = one(rows, read_settings, [] {
    return fail(ErrorCode::kFailedPrecondition, "the settings were changed meanwhile: read them again");
  });
  if (!updated) return updated;
  if (moves) {
    const auto now = rows->front().get<SystemTime>("at");
    if (auto moved = move_windows(tx, now, updated->value.billing_time_zone()); !moved) {
      return std::unexpected(moved.error());
    }
  }
  auto recorded =
      record_change(tx, config::v1::KIND_SETTINGS, kSettingsId, updated->revision, config::v1::STATE_ACTIVE);
  if (!recorded) return std::unexpected(recorded.error());
  return updated;
}

}  // namespace sluice::store
