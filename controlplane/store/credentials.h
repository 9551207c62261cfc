// The sealed secret that an account presents upstream; at most one per account. Pushed as KIND_CREDENTIAL with the
// account's id. Sealing and opening is the caller's part: this folder never sees the secret. Blocking, any thread.
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

namespace sluice::store {

struct Credential {
  std::string account_id = {};
  CredentialKind kind = CredentialKind::kApiKey;
  // Ciphertext; empty once deleted.
  std::string sealed = {};
  // Version of the key that sealed it.
  std::int32_t key_version = 1;
  std::optional<SystemTime> expires_at = {};
  // The only "host:port" values that the secret may be sent to.
  std::vector<std::string> bound_hosts = {};
  // kActive or kDeleted.
  Status status = Status::kActive;
  // Rises for ever, also over deletion, so that an old secret never replaces a newer one on a node.
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

// Creates or replaces. With `expected_revision`, only if the stored credential still has it (0: there is none), else
// kFailedPrecondition: of two refreshers one loses. kFailedPrecondition if the account is deleted or unknown.
[[nodiscard]] Result<Credential> put_credential(db::Transaction& tx, const Credential& credential,
                                                std::optional<std::int64_t> expected_revision = std::nullopt);
// Also a deleted one; kNotFound if there never was one.
[[nodiscard]] Result<Credential> get_credential(db::Transaction& tx, std::string_view account_id);
// Of accounts that are not deleted, not deleted ones only, by account id ascending; the cursor is the last account's
// id.
[[nodiscard]] Result<Page<Credential>> list_credentials(db::Transaction& tx, const PageRequest& page);
// Wipes the ciphertext. kNotFound if there is none.
[[nodiscard]] Result<Credential> delete_credential(db::Transaction& tx, std::string_view account_id);

}  // namespace sluice::store
