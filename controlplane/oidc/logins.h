// Sign-ins through a provider, from the button to the person: state, nonce, PKCE and what binds them to one browser are
// in PostgreSQL, so any replica finishes what another began. Blocking; any thread.
#pragma once

#include <chrono>
#include <string>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oidc/id_token.h"
#include "controlplane/oidc/issuers.h"
#include "controlplane/store/oidc_logins.h"
#include "controlplane/store/oidc_providers.h"

namespace sluice::oidc {

// From the button to the session, a second factor included.
inline constexpr std::chrono::minutes kLoginLife{10};

// What the whole folder works with; made by bootstrap, outlives its users.
struct OidcContext {
  const Clock& clock;
  const crypto::Vault& vault;
  Issuers& issuers;
};

// "oidc_providers|<id>|sealed".
[[nodiscard]] std::string secret_context(const std::string& provider_id);

// Where providers send people back to: a page of the web UI. "" if nobody said where that is.
[[nodiscard]] Result<std::string> redirect_url(db::Transaction& tx);

struct Started {
  std::string authorization_url;
  Secret state;    // also in the URL
  Secret binding;  // stays in the browser that began
  SystemTime expires_at;
};

struct Beginning {
  store::OidcPurpose purpose = store::OidcPurpose::kSignIn;
  std::string user_id = {};  // who links
};

// `issuer`: of issuers.find(), read before the transaction. kFailedPrecondition if nobody said where the web UI is.
[[nodiscard]] Result<Started> start_login(const OidcContext& oidc, db::Transaction& tx,
                                          const store::OidcProvider& provider, const Issuer& issuer,
                                          const Beginning& beginning);

// What the browser brings back.
struct Returned {
  Secret state;
  Secret binding;
  Secret code;
  std::string issuer;  // the redirect's "iss", if it had one
};

// A sign-in that nobody else can finish any more, and its provider as it is now.
struct Taken {
  store::OidcLogin login;
  store::OidcProvider provider;
};
[[nodiscard]] Result<Taken> take_login(const OidcContext& oidc, db::Transaction& tx, const Returned& returned,
                                       const Beginning& beginning);

// Asks the provider; outside of any transaction.
[[nodiscard]] Result<Person> ask_provider(const OidcContext& oidc, const Taken& taken, const Returned& returned);

// What the provider said, and who that is here: kept until a second factor came.
struct Word {
  Person person;
  std::string user_id;
};
[[nodiscard]] Result<> keep_word(const OidcContext& oidc, db::Transaction& tx, const std::string& login_id,
                                 const Word& word);
struct Kept {
  Taken taken;
  Word word;
};
// The sign-in stays. kNotFound as take_login().
[[nodiscard]] Result<Kept> find_word(const OidcContext& oidc, db::Transaction& tx, const Returned& returned);

}  // namespace sluice::oidc
