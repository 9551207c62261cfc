// Alerts: what rules found, from the first sight to the end, and what was told. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/alerts/metrics.h"
#include "controlplane/alerts/rules.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::alerts {

enum class State { kPending, kFiring, kResolved };
[[nodiscard]] std::string_view name(State state);

struct Alert {
  std::string id = {};
  std::string rule_id = {};
  std::string rule_name = {};
  std::string metric = {};
  std::string object_id = {};
  std::string object_name = {};
  std::int64_t value = 0;
  std::int64_t threshold = 0;
  State state = State::kPending;
  bool told = false;
  SystemTime created_at = {};  // when the object was seen beyond the threshold first
  std::optional<SystemTime> fired_at = {};
  std::optional<SystemTime> resolved_at = {};
  std::optional<SystemTime> acknowledged_at = {};
  std::string acknowledged_by = {};
};

struct AlertFilter {
  std::optional<State> state = {};
  std::optional<std::string> rule_id = {};
};

[[nodiscard]] Result<store::Page<Alert>> list_alerts(db::Transaction& tx, const store::PageRequest& page,
                                                     const AlertFilter& filter = {});
[[nodiscard]] Result<Alert> get_alert(db::Transaction& tx, std::string_view id);
// Acknowledging twice keeps the first.
[[nodiscard]] Result<Alert> acknowledge_alert(db::Transaction& tx, std::string_view id, std::string_view by,
                                              SystemTime now);

// Brings the rule's alerts to what was found: new ones begin to wait or fire, waiting ones whose time has come fire,
// those of objects that were not found are resolved. Deliveries for what is to be told are stored with it. How many
// alerts changed.
[[nodiscard]] Result<int> settle(db::Transaction& tx, const Rule& rule, const std::vector<Finding>& findings,
                                 SystemTime now);

// Evaluates the rule whose turn it is. False if none was due.
[[nodiscard]] Result<bool> evaluate_next(db::Transaction& tx, SystemTime now);

// How often a rule is evaluated.
inline constexpr std::chrono::seconds kEvaluateEvery{15};
// How long resolved alerts and their deliveries are kept.
inline constexpr std::chrono::days kAlertsKept{90};
Result<std::int64_t> drop_old_alerts(db::Transaction& tx, SystemTime now, int limit);

}  // namespace sluice::alerts
