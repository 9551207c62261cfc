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
  // "email": by a verified address; "self": the user did it himself; "created": it made the user; "unlinked": he ended
  // it, so that nothing but he himself ties it again.
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
// Those of a user that let him in, oldest first; he can hardly have many.
[[nodiscard]] Result<std::vector<OidcIdentity>> list_oidc_identities(db::Transaction& tx, std::string_view user_id);
// Until the transaction ends nobody else decides who this subject is: of two first sign-ins at once the second finds
// the user that the first has made.
[[nodiscard]] Result<> lock_oidc_subject(db::Transaction& tx, std::string_view provider_id, std::string_view subject);
// Whether the user has, or had and ended, one at this provider.
[[nodiscard]] Result<bool> has_oidc_identity(db::Transaction& tx, std::string_view provider_id,
                                             std::string_view user_id);
// For himself. kNotFound if the user has none of that id. Returns it as it was.
[[nodiscard]] Result<OidcIdentity> unlink_oidc_identity(db::Transaction& tx, std::string_view id,
                                                        std::string_view user_id);
// For staff: nothing of it stays, so an address may tie a subject again. Also one that he ended; else as above.
[[nodiscard]] Result<OidcIdentity> forget_oidc_identity(db::Transaction& tx, std::string_view id,
                                                        std::string_view user_id);

}  // namespace sluice::store
