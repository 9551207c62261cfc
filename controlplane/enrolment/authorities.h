// The fleet's certificate authorities. One signs; others may be believed beside it while nodes change over. Blocking,
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "common/pki/authority.h"
#include "controlplane/db/transaction.h"

namespace sluice::enrolment {

enum class AuthorityState : std::uint8_t {
  kActive,   // signs and is believed
  kTrusted,  // is believed
  kRetired,  // neither
};

struct AuthorityRow {
  std::string id;
  AuthorityState state = AuthorityState::kTrusted;
  std::string certificate_pem;
  std::string sealed;
  SystemTime created_at{};
  SystemTime expires_at{};
};

// The one that signs. Made if there is none: once per fleet, whoever asks first.
[[nodiscard]] Result<AuthorityRow> signing_authority(db::Transaction& tx, const crypto::Vault& vault, SystemTime now);
// Active and trusted, oldest first.
[[nodiscard]] Result<std::vector<AuthorityRow>> believed_authorities(db::Transaction& tx);
// A new one, trusted.
[[nodiscard]] Result<AuthorityRow> make_authority(db::Transaction& tx, const crypto::Vault& vault, SystemTime now);
// Signs from now on; the one before stays trusted. kFailedPrecondition for a retired one.
[[nodiscard]] Result<AuthorityRow> activate_authority(db::Transaction& tx, std::string_view id);
// Believed no longer, and what it signed for nodes is revoked. kFailedPrecondition for the one that signs.
[[nodiscard]] Result<> retire_authority(db::Transaction& tx, std::string_view id, SystemTime now);

[[nodiscard]] Result<pki::Authority> open_authority(const AuthorityRow& row, const crypto::Vault& vault);
// All certificates, one after the other.
[[nodiscard]] std::string bundle_of(const std::vector<AuthorityRow>& rows);

}  // namespace sluice::enrolment
