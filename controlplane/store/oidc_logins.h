// Sign-ins through OpenID providers that wait for their redirect, or for a second factor: made by one replica, finished
// by any, once. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

enum class OidcPurpose { kSignIn, kLink };

struct OidcLogin {
  std::string id = {};
  // crypto::token_hash() of the state parameter, and of what the browser must send back beside it.
  std::string state_hash = {};
  std::string binding_hash = {};
  std::string provider_id = {};
  OidcPurpose purpose = OidcPurpose::kSignIn;
  // Who links; empty for a sign-in.
  std::string user_id = {};
  std::string redirect_url = {};
  // Whether the provider has been asked, and its word is what is sealed.
  bool verified = false;
  // "oidc_logins|<id>|sealed".
  std::string sealed = {};
  std::int32_t key_version = 1;
  SystemTime created_at = {};
  SystemTime expires_at = {};
};

[[nodiscard]] Result<> insert_oidc_login(db::Transaction& tx, const OidcLogin& login);

// What is known of a redirect.
struct OidcReturn {
  std::string state_hash;
  std::string binding_hash;
  OidcPurpose purpose;
  std::string user_id;  // who links
};
// Takes it for asking the provider: nobody else gets it once the transaction commits. kNotFound for one that is
// unknown, taken or too old, and for another binding: these are not told apart.
[[nodiscard]] Result<OidcLogin> take_oidc_login(db::Transaction& tx, const OidcReturn& returned, SystemTime now);
// Keeps the provider's word of a taken one, for a second factor.
[[nodiscard]] Result<> keep_oidc_word(db::Transaction& tx, std::string_view id, std::string_view sealed,
                                      std::int32_t key_version);
// One with the provider's word; it stays. kNotFound as above.
[[nodiscard]] Result<OidcLogin> get_verified_oidc_login(db::Transaction& tx, const OidcReturn& returned,
                                                        SystemTime now);
// Ends one with the provider's word. kNotFound if another call was faster.
[[nodiscard]] Result<> end_verified_oidc_login(db::Transaction& tx, std::string_view id);
// Ends a taken one.
Result<> drop_oidc_login(db::Transaction& tx, std::string_view id);
// Deletes at most `limit` that are over. Returns how many.
Result<std::int64_t> drop_oidc_logins(db::Transaction& tx, SystemTime now, int limit);

}  // namespace sluice::store
