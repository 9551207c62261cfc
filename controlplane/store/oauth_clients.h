// OAuth clients: what an operator registered at a provider. Nothing of it is pushed to nodes. Sealing and opening the
// client secret is the caller's part. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct OAuthClient {
  std::string id = {};
  // Unique among those that are not deleted.
  std::string name = {};
  std::string authorize_url = {};
  std::string token_url = {};
  std::string redirect_url = {};
  std::string client_id = {};
  // Ciphertext of the client secret; empty for a public client.
  std::string sealed = {};
  std::int32_t key_version = 1;
  std::vector<std::string> scopes = {};
  // "name=value", added to the authorize URL.
  std::vector<std::string> authorize_params = {};
  // "form" or "json": how the token endpoint wants its requests.
  std::string token_format = "form";
  // "", "ai_studio", "code_assist" or "google_one": which facts to read after a login, from the URLs below.
  std::string google_kind = {};
  std::string code_assist_url = {};
  std::string projects_url = {};
  std::string drive_url = {};
  Status status = Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

[[nodiscard]] Result<OAuthClient> insert_oauth_client(db::Transaction& tx, const OAuthClient& client);
[[nodiscard]] Result<OAuthClient> get_oauth_client(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<OAuthClient>> list_oauth_clients(db::Transaction& tx, const PageRequest& page);
[[nodiscard]] Result<OAuthClient> update_oauth_client(db::Transaction& tx, const OAuthClient& client);
// Wipes the ciphertext. kFailedPrecondition while logins of accounts come from it.
[[nodiscard]] Result<OAuthClient> delete_oauth_client(db::Transaction& tx, std::string_view id,
                                                      std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
