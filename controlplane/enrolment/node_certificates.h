// The certificates that nodes were given. Blocking, any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::enrolment {

// The channel that tells of revocations and of new authorities.
inline constexpr std::string_view kChannel = "sluice_enrolment";

struct NodeCertificate {
  std::string serial;
  std::string node_id;
  std::string authority_id;
  SystemTime issued_at{};
  SystemTime expires_at{};
  std::optional<SystemTime> revoked_at = {};
};

// Whoever issues or revokes for a node holds this until his transaction ends, so that no certificate slips by.
[[nodiscard]] Result<> lock_node(db::Transaction& tx, std::string_view node_id);

// kResourceExhausted if the node has got too many within an hour. Forgets those that ended long ago.
[[nodiscard]] Result<> insert_certificate(db::Transaction& tx, const NodeCertificate& certificate);
// Those that have not ended; `node_id` empty: of all nodes. At most 1,000.
[[nodiscard]] Result<std::vector<NodeCertificate>> list_certificates(db::Transaction& tx, std::string_view node_id,
                                                                     SystemTime now);
[[nodiscard]] Result<NodeCertificate> get_certificate(db::Transaction& tx, std::string_view serial);
// kNotFound if there is none; fine if it was revoked before.
[[nodiscard]] Result<NodeCertificate> revoke_certificate(db::Transaction& tx, std::string_view serial, SystemTime now);
// All of a node. How many were good.
[[nodiscard]] Result<int> revoke_certificates(db::Transaction& tx, std::string_view node_id, SystemTime now);
// Serials of those revoked before their end.
[[nodiscard]] Result<std::set<std::string>> revoked_serials(db::Transaction& tx, SystemTime now);

}  // namespace sluice::enrolment
