// Which subject of which OpenID provider is which user. Not pushed. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct OidcIdentity {
  std::string id = {};
  std::string provider_id = {};
  // The provider's name for the person; unique with the provider.
  std::string subject = {};
  std::string user_id = {};
  // As the provider said last; empty if it did not.
  std::string email = {};
  // "email": by a verified address; "self": the user did it himself; "created": it made the user.
  std::string linked_by = {};
  SystemTime created_at = {};
  SystemTime last_used_at = {};
  // Read with it, never written.
  std::string provider_slug = {};
  std::string provider_name = {};
};

// Nothing if the subject is nobody's. Its row is locked until the transaction ends.
[[nodiscard]] Result<std::optional<OidcIdentity>> find_oidc_identity(db::Transaction& tx, std::string_view provider_id,
                                                                     std::string_view subject);
// Also ties a known subject to this user instead: its id stays.
[[nodiscard]] Result<OidcIdentity> keep_oidc_identity(db::Transaction& tx, const OidcIdentity& identity);
// Those of a user, oldest first; he can hardly have many.
[[nodiscard]] Result<std::vector<OidcIdentity>> list_oidc_identities(db::Transaction& tx, std::string_view user_id);
// kNotFound if the user has none of that id.
[[nodiscard]] Result<OidcIdentity> delete_oidc_identity(db::Transaction& tx, std::string_view id,
                                                        std::string_view user_id);

// Whether an e-mail address may lead to this user without his doing: it was proven to be his, or there is no password,
// so nobody could have made the account to wait for its owner.
[[nodiscard]] Result<bool> may_link_by_email(db::Transaction& tx, std::string_view user_id);
// Keeps the first moment.
Result<> note_email_verified(db::Transaction& tx, std::string_view user_id, SystemTime at);

}  // namespace sluice::store
