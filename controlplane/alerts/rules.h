// Alert rules and the webhooks that they tell. Not pushed to nodes. Blocking, any thread. Revisions and deletion as in
// store/users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::alerts {

struct Rule {
  std::string id = {};
  std::string name = {};
  std::string metric = {};
  std::int64_t threshold = 0;
  std::int32_t window_seconds = 300;
  // How long an object must be beyond the threshold before anybody is told.
  std::int32_t for_seconds = 0;
  // After an alert began, the next one of the same object is not told for so long.
  std::int32_t cooldown_seconds = 0;
  std::string object_id = {};  // empty: every object
  std::vector<std::string> webhook_ids = {};
  std::vector<std::string> emails = {};
  std::optional<SystemTime> silenced_until = {};
  std::string last_error = {};
  store::Status status = store::Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

[[nodiscard]] Result<Rule> insert_rule(db::Transaction& tx, const Rule& rule);
[[nodiscard]] Result<Rule> get_rule(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<store::Page<Rule>> list_rules(db::Transaction& tx, const store::PageRequest& page);
[[nodiscard]] Result<Rule> update_rule(db::Transaction& tx, const Rule& rule);
// Its open alerts end; nobody is told.
[[nodiscard]] Result<Rule> delete_rule(db::Transaction& tx, std::string_view id, SystemTime now,
                                       std::optional<std::int64_t> revision = std::nullopt);
// The active rule that was not evaluated for the longest time, if that is before `before`; locked for this transaction.
[[nodiscard]] Result<std::optional<Rule>> next_rule(db::Transaction& tx, SystemTime before);
Result<> note_evaluated(db::Transaction& tx, std::string_view id, SystemTime now, std::string_view error);

struct Webhook {
  std::string id = {};
  std::string name = {};
  std::string url = {};
  // Sealed signing key: "alert_webhooks|<id>|sealed".
  std::string sealed = {};
  std::int32_t key_version = 1;
  store::Status status = store::Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

[[nodiscard]] Result<Webhook> insert_webhook(db::Transaction& tx, const Webhook& webhook);
[[nodiscard]] Result<Webhook> get_webhook(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<store::Page<Webhook>> list_webhooks(db::Transaction& tx, const store::PageRequest& page);
[[nodiscard]] Result<Webhook> update_webhook(db::Transaction& tx, const Webhook& webhook);
// kFailedPrecondition naming a rule that tells it.
[[nodiscard]] Result<Webhook> delete_webhook(db::Transaction& tx, std::string_view id,
                                             std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::alerts
