// From table rows to the resources that nodes get. Blocking; call within one repeatable-read transaction, so that what
// is read is exactly the config of the version read with it. Deterministic: the same rows give the same bytes, in every
// replica and after every restart, or digests would differ where nothing changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/change_log.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::publish {

// Every live resource. `now` chooses the windows of what keys have spent.
[[nodiscard]] Result<std::vector<config::v1::Resource>> load_all(db::Transaction& tx, const crypto::Vault& vault,
                                                                 SystemTime now);

// The resources that the changes name, as they are now; those that are gone with state DELETED.
[[nodiscard]] Result<std::vector<config::v1::Resource>> load_changed(db::Transaction& tx, const crypto::Vault& vault,
                                                                     const std::vector<store::Change>& changes,
                                                                     SystemTime now);

}  // namespace sluice::publish
