// Brings accounts of an export into this installation. Blocking, inside one call's transaction.
#pragma once

#include "controlplane/api/account_messages.h"
#include "sluice/admin/v1/account_transfer.pb.h"

namespace sluice::api {

// What each account does here, and does it. An error undoes all, and names the account.
[[nodiscard]] Result<> import_accounts(Call& call, const CredentialTools& tools, const admin::v1::AccountBundle& bundle,
                                       bool update_existing, admin::v1::ImportAccountsResponse& report);

}  // namespace sluice::api
