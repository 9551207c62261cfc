// Between rows of accounts and the admin API's messages, with the rules of both. Blocking (the credential is looked up,
// names are resolved); any thread.
#pragma once

#include <string>

#include "common/crypto/vault.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/store/accounts.h"
#include "sluice/admin/v1/accounts.pb.h"

namespace sluice::api {

[[nodiscard]] Result<> to_message(Call& call, const store::Account& row, admin::v1::Account& into);
// Everything but id, revision and times. kInvalidArgument naming the field.
[[nodiscard]] Result<> from_message(const admin::v1::Account& account, store::Account& into);

struct CredentialTools {
  const crypto::Vault& vault;
  const accounts::BaseUrlGuard& guard;
};
// Checks, seals, stores and leaves an audit record without the secret.
[[nodiscard]] Result<> store_credential(Call& call, const CredentialTools& tools, const std::string& account_id,
                                        const std::string& base_url, const admin::v1::AccountCredential& credential);

}  // namespace sluice::api
