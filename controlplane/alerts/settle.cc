// From what a rule found to the state of its alerts.
#include <map>

#include "common/base/uuid.h"
#include "controlplane/alerts/alerts.h"
#include "controlplane/alerts/deliveries.h"

namespace sluice::alerts {

namespace {

struct Open {
  std::string id;
  State state = State::kPending;
  bool told = false;
  SystemTime created_at{};
};

// By object.
Result<std::map<std::string, Open>> open_alerts(db::Transaction& tx, const Rule& rule) {
  const auto rows = tx.exec(
      "SELECT id, object_id, state, told, created_at FROM alerts WHERE rule_id = $1 AND state <> 'resolved' FOR UPDATE",
      rule.id);
  if (!rows) return std::unexpected(rows.error());
  std::map<std::string, Open> open;
  for (const db::Row row : *rows) {
    open[row.get<std::string>("object_id")] = {
        .id = row.get<std::string>("id"),
        .state = row.get<std::string>("state") == "firing" ? State::kFiring : State::kPending,
        .told = row.get<bool>("told"),
        .created_at = row.get<SystemTime>("created_at")};
  }
  return open;
}

// An object whose last alert fired within the cool-down is not told of again.
Result<bool> is_cooling(db::Transaction& tx, const Rule& rule, const std::string& object_id, SystemTime now) {
  if (rule.cooldown_seconds == 0) return false;
  const auto rows = tx.exec(
      "SELECT EXISTS (SELECT FROM alerts WHERE rule_id = $1 AND object_id = $2 AND state = 'resolved' AND told "
      "AND fired_at > $3) AS cooling",
      rule.id, object_id, now - std::chrono::seconds(rule.cooldown_seconds));
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<bool>("cooling");
}

Result<> tell(db::Transaction& tx, const Rule& rule, const std::string& alert_id, Event event, SystemTime now) {
  const auto alert = get_alert(tx, alert_id);
  if (!alert) return std::unexpected(alert.error());
  return store_deliveries(tx, rule, *alert, event, now);
}

Result<> fire(db::Transaction& tx, const Rule& rule, const std::string& alert_id, const Finding& finding,
              SystemTime now) {
  const auto cooling = is_cooling(tx, rule, finding.object_id, now);
  if (!cooling) return std::unexpected(cooling.error());
  const bool silent = *cooling || (rule.silenced_until && *rule.silenced_until > now);
  const auto done = tx.exec("UPDATE alerts SET state = 'firing', fired_at = $2, value = $3, told = $4 WHERE id = $1",
                            alert_id, now, finding.value, !silent);
  if (!done) return std::unexpected(done.error());
  if (silent) return {};
  return tell(tx, rule, alert_id, Event::kFiring, now);
}

Result<std::string> begin(db::Transaction& tx, const Rule& rule, const Finding& finding, SystemTime now) {
  const std::string id = Uuid::generate(now).to_string();
  const auto done = tx.exec(
      "INSERT INTO alerts (id, rule_id, object_id, object_name, value, state, created_at) "
      "VALUES ($1, $2, $3, $4, $5, 'pending', $6)",
      id, rule.id, finding.object_id, finding.object_name, finding.value, now);
  if (!done) return std::unexpected(done.error());
  return id;
}

// Nobody needs to know of what was never told; what never fired leaves nothing.
Result<> end(db::Transaction& tx, const Rule& rule, const Open& open, SystemTime now) {
  if (open.state == State::kPending) {
    const auto done = tx.exec("DELETE FROM alerts WHERE id = $1", open.id);
    if (!done) return std::unexpected(done.error());
    return {};
  }
  const auto done = tx.exec("UPDATE alerts SET state = 'resolved', resolved_at = $2 WHERE id = $1", open.id, now);
  if (!done) return std::unexpected(done.error());
  if (!open.told) return {};
  return tell(tx, rule, open.id, Event::kResolved, now);
}

// True if the alert changed its state.
Result<bool> settle_one(db::Transaction& tx, const Rule& rule, const Finding& finding, const Open* open,
                        SystemTime now) {
  Open known;
  if (open == nullptr) {
    auto id = begin(tx, rule, finding, now);
    if (!id) return std::unexpected(id.error());
    known = {.id = std::move(*id), .created_at = now};
    open = &known;
  }
  if (open->state == State::kFiring) {
    const auto noted = tx.exec("UPDATE alerts SET value = $2 WHERE id = $1 AND value <> $2", open->id, finding.value);
    if (!noted) return std::unexpected(noted.error());
    return false;
  }
  if (now - open->created_at < std::chrono::seconds(rule.for_seconds)) return open == &known;
  if (Result<> fired = fire(tx, rule, open->id, finding, now); !fired) return std::unexpected(fired.error());
  return true;
}

}  // namespace

Result<int> settle(db::Transaction& tx, const Rule& rule, const std::vector<Finding>& findings, SystemTime now) {
  auto open = open_alerts(tx, rule);
  if (!open) return std::unexpected(open.error());
  int changed = 0;
  for (const Finding& finding : findings) {
    const auto found = open->find(finding.object_id);
    const auto settled = settle_one(tx, rule, finding, found == open->end() ? nullptr : &found->second, now);
    if (!settled) return std::unexpected(settled.error());
    if (*settled) ++changed;
    if (found != open->end()) open->erase(found);
  }
  for (const auto& [object, gone] : *open) {
    if (Result<> ended = end(tx, rule, gone, now); !ended) return std::unexpected(ended.error());
    ++changed;
  }
  return changed;
}

Result<bool> evaluate_next(db::Transaction& tx, SystemTime now) {
  const auto rule = next_rule(tx, now - kEvaluateEvery);
  if (!rule) return std::unexpected(rule.error());
  if (!*rule) return false;
  const Metric* metric = find_metric((*rule)->metric);
  if (metric == nullptr) {  // of a newer build
    const Result<> noted = note_evaluated(tx, (*rule)->id, now, "this build does not know the metric");
    if (!noted) return std::unexpected(noted.error());
    return true;
  }
  const Question question{
      .threshold = (*rule)->threshold, .window_seconds = (*rule)->window_seconds, .object_id = (*rule)->object_id};
  const auto findings = ask(tx, *metric, question, now);
  if (!findings) return std::unexpected(findings.error());
  if (const auto settled = settle(tx, **rule, *findings, now); !settled) return std::unexpected(settled.error());
  if (Result<> noted = note_evaluated(tx, (*rule)->id, now, ""); !noted) return std::unexpected(noted.error());
  return true;
}

}  // namespace sluice::alerts
