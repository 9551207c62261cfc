// A migrated database with a pool, and makers of valid rows, for the tests of the store.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/uuid.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/admin_tokens.h"
#include "controlplane/store/api_keys.h"
#include "controlplane/store/audit.h"
#include "controlplane/store/change_log.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/groups.h"
#include "controlplane/store/nodes.h"
#include "controlplane/store/prices.h"
#include "controlplane/store/settings.h"
#include "controlplane/store/users.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::store {

inline std::string new_id() {
  return Uuid::generate(RealClock().now()).to_string();
}

struct Database {
  std::string conninfo = testing::migrated_database();
  db::Pool pool{db::PoolOptions{.conninfo = Secret(conninfo), .size = 10, .acquire_limit = testing::kGenerous}};

  // Commits, and fails the test on any error.
  template <class Fn>
  auto must(Fn&& fn) {
    auto result = db::in_transaction(pool, std::forward<Fn>(fn));
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  // Fails the test unless there is an error, and returns its code.
  template <class Fn>
  ErrorCode refused(Fn&& fn) {
    auto result = db::in_transaction(pool, std::forward<Fn>(fn));
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
  }

  ConfigVersion version() {
    return must([](db::Transaction& tx) { return current_version(tx); });
  }
  // What was recorded after `number`.
  std::vector<Change> changes(std::int64_t number) {
    auto found = must([&](db::Transaction& tx) { return changes_since(tx, number, 1000); });
    REQUIRE(found.complete);
    return found.rows;
  }
  User add_user(const std::string& email = new_id() + "@example.com") {
    return must([&](db::Transaction& tx) { return insert_user(tx, {.id = new_id(), .email = email}); });
  }
  Group add_group() {
    return must([](db::Transaction& tx) { return insert_group(tx, {.id = new_id(), .name = "everyone"}); });
  }
  Account add_account(std::vector<std::string> group_ids = {}) {
    return must([&](db::Transaction& tx) {
      return insert_account(tx, {.id = new_id(),
                                 .name = "main",
                                 .provider = "anthropic",
                                 .base_url = "https://api.anthropic.com",
                                 .models = {"claude-a", "claude-b"},
                                 .group_ids = group_ids});
    });
  }
  ApiKey add_key(const std::string& user_id, const std::string& group_id) {
    return must([&](db::Transaction& tx) {
      return insert_api_key(tx, {.id = new_id(),
                                 .user_id = user_id,
                                 .group_id = group_id,
                                 .name = "laptop",
                                 .public_id = random_base62(12),
                                 .last4 = "abcd",
                                 .key_hmac = random_base62(32)});
    });
  }
};

// (kind, state, revision) of a change, for comparing lists of them.
struct Seen {
  config::v1::Kind kind;
  std::string object_id;
  std::int64_t revision;
  config::v1::State state;
  bool operator==(const Seen&) const = default;
};

inline std::vector<Seen> seen(const std::vector<Change>& changes) {
  std::vector<Seen> out;
  for (const auto& c : changes)
    out.push_back({c.kind, c.object_id, c.revision, c.state});
  return out;
}

}  // namespace sluice::store
