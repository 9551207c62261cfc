// The second factor of a person: begun, confirmed by a first code, then asked for at every sign-in. Blocking; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"

namespace sluice::identity {

inline constexpr int kRecoveryCodes = 10;

// A new secret, sealed and not in use until confirmed. kFailedPrecondition if there is one in use.
[[nodiscard]] Result<Secret> begin_totp(db::Transaction& tx, const crypto::Vault& vault, std::string_view user_id);
// With a first code: from now on a code is asked for. Returns new recovery codes, which are kept as hashes only.
[[nodiscard]] Result<std::vector<std::string>> confirm_totp(db::Transaction& tx, const crypto::Vault& vault,
                                                            const Clock& clock, std::string_view user_id,
                                                            std::string_view code);
[[nodiscard]] Result<bool> has_second_factor(db::Transaction& tx, std::string_view user_id);
// Whether the code is right and new: one by time, or one for recovery. It is used up in this transaction.
[[nodiscard]] Result<bool> use_code(db::Transaction& tx, const crypto::Vault& vault, const Clock& clock,
                                    std::string_view user_id, std::string_view code);

}  // namespace sluice::identity
