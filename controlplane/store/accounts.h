// Accounts: logins at upstream providers, without their secrets (credentials.h). Pushed as KIND_ACCOUNT. Blocking, any
// thread. Rules: users.h.
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
#include "controlplane/store/json_columns.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct Account {
  std::string id = {};
  std::string name = {};
  // Name in the data plane's provider registry, e.g. "anthropic".
  std::string provider = {};
  // Origin and optional path prefix, e.g. "https://api.anthropic.com".
  std::string base_url = {};
  // Lower is tried first.
  std::int32_t priority = 0;
  // Requests in flight at once over the whole fleet; 0 means unlimited.
  std::int32_t concurrency = 0;
  // Among equal priorities the load counts as divided by it; 1 to 10,000.
  std::int32_t weight = 100;
  // An antigravity account that may join groups of anthropic and gemini.
  bool hybrid = false;
  // For people.
  std::vector<std::string> tags = {};
  std::string note = {};
  // Empty means every priced model of the provider.
  std::vector<std::string> models = {};
  // From the model that clients name to the one the upstream is asked for; its keys are served as well.
  ModelMapping model_mapping = {};
  // Tried in order.
  PauseRules pause_rules = {};
  // Tried in order; empty means directly. A deleted or unknown one is refused (kFailedPrecondition).
  std::vector<std::string> egress_proxy_ids = {};
  // PEM of a private CA for TLS to base_url; empty for the system's.
  std::string ca_pem = {};
  Status status = Status::kActive;
  // Groups the account serves, sorted. A group that is deleted, unknown or of other platforms is refused
  // (kFailedPrecondition).
  std::vector<std::string> group_ids = {};
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct AccountFilter {
  std::optional<Status> status = {};
  std::optional<std::string> group_id = {};
  std::optional<std::string> provider = {};
  std::optional<std::string> tag = {};
  // Part of the name, without regard to case.
  std::string text = {};
  bool include_deleted = false;
};

[[nodiscard]] Result<Account> insert_account(db::Transaction& tx, const Account& account);
[[nodiscard]] Result<Account> get_account(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<Account>> list_accounts(db::Transaction& tx, const PageRequest& page,
                                                  const AccountFilter& filter = {});
// Also replaces the links to groups and proxies.
[[nodiscard]] Result<Account> update_account(db::Transaction& tx, const Account& account);
// Also deletes the credential and the links to groups and proxies.
[[nodiscard]] Result<Account> delete_account(db::Transaction& tx, std::string_view id,
                                             std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
