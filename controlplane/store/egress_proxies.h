// Proxies for connections to upstreams. Pushed as KIND_EGRESS_PROXY. Sealing and opening the password is the caller's
// part: this folder never sees it. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct EgressProxy {
  std::string id = {};
  std::string name = {};
  // "http://host:port" or "socks5h://host:port".
  std::string url = {};
  // Empty means no authentication.
  std::string username = {};
  // Ciphertext of the password; empty without a username, and once deleted.
  std::string sealed = {};
  // Version of the key that sealed it.
  std::int32_t key_version = 1;
  Status status = Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

[[nodiscard]] Result<EgressProxy> insert_egress_proxy(db::Transaction& tx, const EgressProxy& proxy);
[[nodiscard]] Result<EgressProxy> get_egress_proxy(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<EgressProxy>> list_egress_proxies(db::Transaction& tx, const PageRequest& page);
[[nodiscard]] Result<EgressProxy> update_egress_proxy(db::Transaction& tx, const EgressProxy& proxy);
// Wipes the ciphertext. kFailedPrecondition naming the accounts that use it: none may begin to connect directly.
[[nodiscard]] Result<EgressProxy> delete_egress_proxy(db::Transaction& tx, std::string_view id,
                                                      std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
