// Reads an export of claude-relay-service (its src/routes/admin/sync.js). Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "sluice/admin/v1/account_transfer.pb.h"

namespace sluice::accounts {

struct RelayProxy {
  std::string name;  // how the bundle's accounts name it
  std::string url;
  std::string username;
  Secret password;
};

struct RelayExport {
  admin::v1::AccountBundle bundle;
  std::vector<RelayProxy> proxies;  // one of each name
  // By provider and name of an account: what a person should know of it.
  std::map<std::pair<std::string, std::string>, std::string> notes;
};

// kInvalidArgument if it is not such an export, has no secrets in it, or more than `most` accounts.
[[nodiscard]] Result<RelayExport> read_claude_relay_export(std::string_view json, std::size_t most);

}  // namespace sluice::accounts
