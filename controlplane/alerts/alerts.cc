#include "controlplane/alerts/alerts.h"

#include "controlplane/store/row_access.h"

namespace sluice::alerts {

namespace {

#define SLUICE_ALERT_SELECT                                                                                            \
  "SELECT a.id, a.rule_id, r.name AS rule_name, r.metric, a.object_id, a.object_name, a.value, r.threshold, a.state, " \
  "a.told, a.created_at, a.fired_at, a.resolved_at, a.acknowledged_at, a.acknowledged_by "                             \
  "FROM alerts a JOIN alert_rules r ON r.id = a.rule_id "

State state_of(std::string_view word) {
  if (word == "pending") return State::kPending;
  return word == "firing" ? State::kFiring : State::kResolved;
}

Alert read_alert(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .rule_id = row.get<std::string>("rule_id"),
          .rule_name = row.get<std::string>("rule_name"),
          .metric = row.get<std::string>("metric"),
          .object_id = row.get<std::string>("object_id"),
          .object_name = row.get<std::string>("object_name"),
          .value = row.get<std::int64_t>("value"),
          .threshold = row.get<std::int64_t>("threshold"),
          .state = state_of(row.get<std::string>("state")),
          .told = row.get<bool>("told"),
          .created_at = row.get<SystemTime>("created_at"),
          .fired_at = row.get<std::optional<SystemTime>>("fired_at"),
          .resolved_at = row.get<std::optional<SystemTime>>("resolved_at"),
          .acknowledged_at = row.get<std::optional<SystemTime>>("acknowledged_at"),
          .acknowledged_by = row.get<std::string>("acknowledged_by")};
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::kPending:
      return "pending";
    case State::kFiring:
      return "firing";
    case State::kResolved:
      return "resolved";
  }
  return {};
}

Result<store::Page<Alert>> list_alerts(db::Transaction& tx, const store::PageRequest& page, const AlertFilter& filter) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto state = filter.state ? std::optional(std::string(name(*filter.state))) : std::nullopt;
  const auto rows =
      tx.exec(SLUICE_ALERT_SELECT
              "WHERE (a.created_at, a.id) < (COALESCE($1::timestamptz, 'infinity'), "
              "COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) "
              "AND ($4::text IS NULL OR a.state = $4) AND ($5::uuid IS NULL OR a.rule_id = $5) "
              "ORDER BY a.created_at DESC, a.id DESC LIMIT $3",
              store::time_of(*position), store::id_of(*position), store::page_size(page) + 1, state, filter.rule_id);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Alert>(*rows, store::page_size(page), read_alert, store::position_by_created_at<Alert>);
}

Result<Alert> get_alert(db::Transaction& tx, std::string_view id) {
  const auto rows = tx.exec(SLUICE_ALERT_SELECT "WHERE a.id = $1", id);
  return store::one(rows, read_alert, [&] { return store::not_found("alert", id); });
}

Result<Alert> acknowledge_alert(db::Transaction& tx, std::string_view id, std::string_view by, SystemTime now) {
  const auto done =
      tx.exec("UPDATE alerts SET acknowledged_at = $3, acknowledged_by = $2 WHERE id = $1 AND acknowledged_at IS NULL",
              id, by, now);
  if (!done) return std::unexpected(done.error());
  return get_alert(tx, id);
}

Result<std::int64_t> drop_old_alerts(db::Transaction& tx, SystemTime now, int limit) {
  const auto done = tx.exec(
      "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE state = 'resolved' AND resolved_at < $1 LIMIT $2 "
      "FOR UPDATE SKIP LOCKED)",
      now - kAlertsKept, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::alerts
