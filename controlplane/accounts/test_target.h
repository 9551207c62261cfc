// What a live test of an account needs to know: read in one short transaction, used without the database. Blocking; any
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
#include "controlplane/store/enums.h"

namespace sluice::accounts {

// As store::EgressProxy, with its password opened.
struct TestProxy {
  std::string name;
  std::string url;
  std::string username;
  Secret password;
};

struct TestTarget {
  std::string account_name;
  std::string provider;
  std::string base_url;
  std::string ca_pem;               // empty: the system's
  std::string model;                // for the upstream
  std::string google_project = {};  // of a login at Google; empty: none is known
  store::CredentialKind kind = store::CredentialKind::kApiKey;
  Secret secret;
  std::vector<TestProxy> proxies;  // tried in order; empty: directly
};

// `model` as a client would name it; empty: the first that the account lists. kNotFound: no such account;
// kFailedPrecondition: it has no credential that may be sent, or no proxy that may be used; kInvalidArgument: the
// model.
[[nodiscard]] Result<TestTarget> read_test_target(db::Transaction& tx, const crypto::Vault& vault,
                                                  std::string_view account_id, std::string_view model, SystemTime now);

}  // namespace sluice::accounts
