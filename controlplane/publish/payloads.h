// From one row of row_loader's queries to the bytes of a resource. Deterministic. For row_loader.
#pragma once

#include <span>
#include <string>

#include "common/crypto/vault.h"
#include "controlplane/db/rows.h"
#include "controlplane/store/key_spending.h"
#include "controlplane/store/subscription_spending.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::publish {

// Of every kind but settings. What cannot be opened with the vault is logged and comes out unusable.
[[nodiscard]] std::string payload_of(config::v1::Kind kind, const db::Row& row, const crypto::Vault& vault);

// What the user may use without paying from the wallet: a part of the user's payload, to be appended to it.
[[nodiscard]] std::string subscriptions_payload(std::span<const store::UsableSubscription> subscriptions);

// See config.v1.Resource.moment.
[[nodiscard]] std::string user_moment(const db::Row& row, std::span<const store::UsableSubscription> subscriptions);
[[nodiscard]] std::string key_moment(std::span<const store::KeySpending> spending);

}  // namespace sluice::publish
