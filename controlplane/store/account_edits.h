// Edits of many accounts and how far they are. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/page.h"

namespace sluice::store {

enum class EditState { kRunning, kDone, kCancelled };

struct EditFailure {
  std::string account_id;
  std::string reason;
};

struct AccountEdit {
  std::string id = {};
  std::string actor = {};
  EditState state = EditState::kRunning;
  // sluice.admin.v1.CreateAccountEditRequest, serialized.
  std::string request = {};
  std::vector<std::string> account_ids = {};
  // So many of them are through.
  std::int32_t next = 0;
  std::int32_t changed = 0;
  std::int32_t unchanged = 0;
  std::int32_t failed = 0;
  // The first kNamedFailures.
  std::vector<EditFailure> failures = {};
  SystemTime created_at = {};
  std::optional<SystemTime> ended_at = {};
};
inline constexpr std::size_t kNamedFailures = 100;
// Accounts in one edit.
inline constexpr int kMaxEdited = 100'000;

struct AccountSelection {
  // None: not asked for.
  std::optional<std::vector<std::string>> ids = {};
  AccountFilter filter = {};
};

// In the order of their ids, at most kMaxEdited + 1.
[[nodiscard]] Result<std::vector<std::string>> select_accounts(db::Transaction& tx, const AccountSelection& selection);

[[nodiscard]] Result<AccountEdit> insert_edit(db::Transaction& tx, const AccountEdit& edit);
[[nodiscard]] Result<AccountEdit> get_edit(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<AccountEdit>> list_edits(db::Transaction& tx, const PageRequest& page);
// The oldest that runs, locked until the transaction ends; none.
[[nodiscard]] Result<std::optional<AccountEdit>> take_running_edit(db::Transaction& tx);
// State, counts, failures and end.
[[nodiscard]] Result<AccountEdit> save_edit(db::Transaction& tx, const AccountEdit& edit);
// kFailedPrecondition unless it runs.
[[nodiscard]] Result<AccountEdit> cancel_edit(db::Transaction& tx, std::string_view id);

}  // namespace sluice::store
