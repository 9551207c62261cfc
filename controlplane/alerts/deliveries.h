// What is to be told of alerts, to whom, and how that went: the delivery log. A delivery is made at least once; its id
// is in it, so that a receiver can tell a second one. Blocking, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/alerts/alerts.h"
#include "controlplane/alerts/rules.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::alerts {

enum class Event { kFiring, kResolved, kTest };
[[nodiscard]] std::string_view name(Event event);

struct Delivery {
  std::string id = {};
  std::string alert_id = {};    // empty: a test
  std::string webhook_id = {};  // empty: by e-mail
  std::string email = {};
  std::string event = {};
  std::string body = {};   // of a webhook: JSON; of an e-mail: its text
  std::string state = {};  // waiting, delivered, failed
  std::int32_t attempts = 0;
  SystemTime next_attempt_at = {};
  std::int32_t http_status = 0;
  std::string last_error = {};
  SystemTime created_at = {};
  std::optional<SystemTime> delivered_at = {};
};

// One for each webhook and address of the rule.
Result<> store_deliveries(db::Transaction& tx, const Rule& rule, const Alert& alert, Event event, SystemTime now);
// A delivery to see whether a webhook works; its id.
[[nodiscard]] Result<Delivery> store_test(db::Transaction& tx, const Webhook& webhook, SystemTime now);
[[nodiscard]] Result<store::Page<Delivery>> list_deliveries(db::Transaction& tx, const store::PageRequest& page,
                                                            const std::optional<std::string>& alert_id);

// After so many attempts a delivery has failed.
inline constexpr int kMostAttempts = 8;

// Takes a delivery that is due: nobody else gets it until `lease` is over.
[[nodiscard]] Result<std::optional<Delivery>> take_delivery(db::Transaction& tx, SystemTime now,
                                                            std::chrono::seconds lease);
// These two change nothing if somebody else took the delivery meanwhile.
Result<> note_delivered(db::Transaction& tx, const Delivery& delivery, int http_status, SystemTime now);
// Tries again later, twice as late as the time before, or gives up; at once if `final`.
Result<> note_not_delivered(db::Transaction& tx, const Delivery& delivery, int http_status, std::string_view error,
                            bool final, SystemTime now);

}  // namespace sluice::alerts
