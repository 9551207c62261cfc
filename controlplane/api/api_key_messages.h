// API keys between rows and the admin API's messages. Blocking; gRPC's threads.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/store/api_keys.h"
#include "sluice/admin/v1/api_keys.pb.h"

namespace sluice::api {

// With what the key has spent in the current windows of its budgets.
[[nodiscard]] Result<> to_message(Call& call, const store::ApiKey& row, admin::v1::ApiKey& into);

// What may change: never the key, never its owner.
[[nodiscard]] Result<> from_message(const admin::v1::ApiKey& key, store::ApiKey& into);

}  // namespace sluice::api
