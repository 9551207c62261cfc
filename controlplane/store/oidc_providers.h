// OpenID providers that people sign in through. Not pushed to nodes. Sealing and opening the client secret is the
// caller's part: "oidc_providers|<id>|sealed". Blocking, any thread. Rules: users.h.
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

struct OidcProvider {
  std::string id = {};
  // Lower-case letters, digits and hyphens, at most 63; unique among those that are not deleted.
  std::string slug = {};
  // On the button.
  std::string display_name = {};
  // Never changes: identities are subjects of this issuer.
  std::string issuer = {};
  std::string client_id = {};
  // Ciphertext of the client secret; empty for a public client.
  std::string sealed = {};
  std::int32_t key_version = 1;
  std::vector<std::string> scopes = {};
  // Whether a stranger gets an account.
  bool create_users = false;
  // Lower case; empty: all.
  std::vector<std::string> allowed_email_domains = {};
  Status status = Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

// kAlreadyExists for a slug that is in use.
[[nodiscard]] Result<OidcProvider> insert_oidc_provider(db::Transaction& tx, const OidcProvider& provider);
[[nodiscard]] Result<OidcProvider> get_oidc_provider(db::Transaction& tx, std::string_view id);
// Active ones only.
[[nodiscard]] Result<OidcProvider> find_oidc_provider(db::Transaction& tx, std::string_view slug);
[[nodiscard]] Result<Page<OidcProvider>> list_oidc_providers(db::Transaction& tx, const PageRequest& page);
// The active ones by their names, at most 100.
[[nodiscard]] Result<std::vector<OidcProvider>> open_oidc_providers(db::Transaction& tx);
// The issuer is not written.
[[nodiscard]] Result<OidcProvider> update_oidc_provider(db::Transaction& tx, const OidcProvider& provider);
// Wipes the ciphertext; its identities and the sign-ins that wait go, too.
[[nodiscard]] Result<OidcProvider> delete_oidc_provider(db::Transaction& tx, std::string_view id,
                                                        std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
