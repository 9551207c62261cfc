// One-time tokens that buy a certificate, stored as hashes. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::enrolment {

struct NewToken {
  std::string id;
  Secret token;  // nowhere else
  SystemTime expires_at{};
};

// 1 to 64 letters, digits, dots, hyphens and underscores: it becomes the name in the certificate.
[[nodiscard]] Result<> check_node_id(std::string_view node_id);

[[nodiscard]] Result<NewToken> make_token(db::Transaction& tx, std::string_view node_id, std::chrono::seconds life,
                                          SystemTime now);

// Uses the token for this node and key, once; the same key may come again while the token is good. kPermissionDenied
// says what is wrong with it. Locks the node's certificates until the transaction ends.
[[nodiscard]] Result<> use_token(db::Transaction& tx, std::string_view token, std::string_view node_id,
                                 std::string_view key, SystemTime now);

// Unused ones of this node. How many.
[[nodiscard]] Result<int> revoke_tokens(db::Transaction& tx, std::string_view node_id, SystemTime now);

}  // namespace sluice::enrolment
