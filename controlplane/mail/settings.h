// Which server mail goes through. One row, not pushed to nodes. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/mail/smtp.h"

namespace sluice::mail {

struct Settings {
  std::string id = {};
  bool enabled = false;
  std::string host = {};
  std::int32_t port = 587;
  Security security = Security::kStartTls;
  std::string username = {};
  // Sealed password, empty if there is none: "mail_settings|<id>|sealed".
  std::string sealed = {};
  std::int32_t key_version = 1;
  std::string from_address = {};
  std::string from_name = {};
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

[[nodiscard]] Result<Settings> get_settings(db::Transaction& tx);
// As update of store/users.h.
[[nodiscard]] Result<Settings> update_settings(db::Transaction& tx, const Settings& settings);

void seal_password(const crypto::Vault& vault, const Secret& password, Settings& settings);
// The server with its password in the clear. kFailedPrecondition: mail is not set up or disabled.
[[nodiscard]] Result<SmtpServer> server_of(const crypto::Vault& vault, const Settings& settings);

}  // namespace sluice::mail
