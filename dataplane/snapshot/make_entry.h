// From a validated message to the entry that the request path reads. Pure functions; `row.payload` is set before and
// entries may view into it, `active` and `id` are set by the caller.
#pragma once

#include "common/base/status.h"
#include "dataplane/snapshot/tables.h"

namespace sluice::snapshot {

[[nodiscard]] Result<> fill(Row<SettingsEntry>& row, config::v1::Settings message);
[[nodiscard]] Result<> fill(Row<UserEntry>& row, config::v1::User message);
[[nodiscard]] Result<> fill(Row<KeyEntry>& row, config::v1::ApiKey message);
[[nodiscard]] Result<> fill(Row<GroupEntry>& row, config::v1::Group message);
[[nodiscard]] Result<> fill(Row<AccountEntry>& row, config::v1::Account message);
[[nodiscard]] Result<> fill(Row<CredentialEntry>& row, config::v1::Credential message);
[[nodiscard]] Result<> fill(Row<EgressProxyEntry>& row, config::v1::EgressProxy message);
[[nodiscard]] Result<> fill(Row<PriceEntry>& row, config::v1::Price message);

}  // namespace sluice::snapshot
