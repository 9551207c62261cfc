// How people come in: where the web UI is, who may register, Turnstile. One row, not pushed to nodes. Blocking, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct SignInSettings {
  std::string id = {};
  // Where people open the web UI, without a slash at its end; links in mails and redirects of sign-ins lead there.
  // Empty: not known.
  std::string public_url = {};
  bool registration_open = false;
  // Whether an address must be proven before there is a user.
  bool verify_email = true;
  // Lower case; empty: all.
  std::vector<std::string> allowed_email_domains = {};
  std::int32_t new_user_concurrency = 0;
  std::int64_t new_user_credit_nano_usd = 0;
  // Empty: nobody is asked.
  std::string turnstile_site_key = {};
  // Of a compatible service; empty: Cloudflare's.
  std::string turnstile_url = {};
  // Sealed secret of Turnstile: "sign_in_settings|<id>|sealed".
  std::string sealed = {};
  std::int32_t key_version = 1;
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

[[nodiscard]] Result<SignInSettings> get_sign_in_settings(db::Transaction& tx);
// As update of store/users.h.
[[nodiscard]] Result<SignInSettings> update_sign_in_settings(db::Transaction& tx, const SignInSettings& settings);

}  // namespace sluice::store
