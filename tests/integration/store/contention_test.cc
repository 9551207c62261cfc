#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "common/base/random.h"
#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;

namespace {

struct World {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> accounts;
};

const std::string& any_of(const std::vector<std::string>& ids) {
  return ids[random_below(ids.size())];
}

template <class T>
Result<int> outcome(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return 0;
}

// One random change of the kinds that take locks on several tables.
Result<int> change_something(db::Transaction& tx, const World& world) {
  switch (random_below(5)) {
    case 0: {
      return outcome(touch_users(tx, {any_of(world.users), any_of(world.users), any_of(world.users)}));
    }
    case 1: {
      auto user = get_user(tx, any_of(world.users));
      if (!user) return std::unexpected(user.error());
      return outcome(update_user(tx, *user));
    }
    case 2: {
      auto account = get_account(tx, any_of(world.accounts));
      if (!account) return std::unexpected(account.error());
      account->group_ids = {any_of(world.groups), any_of(world.groups)};
      return outcome(update_account(tx, *account));
    }
    case 3: {
      const Credential credential{.account_id = any_of(world.accounts), .sealed = "x"};
      return outcome(put_credential(tx, credential));
    }
    default: {
      const ApiKey key{.id = new_id(),
                       .user_id = any_of(world.users),
                       .group_id = any_of(world.groups),
                       .public_id = random_base62(12),
                       .last4 = "abcd",
                       .key_hmac = random_base62(32)};
      return outcome(insert_api_key(tx, key));
    }
  }
}

}  // namespace

TEST_CASE("many writers on few rows: each change is made, or refused as stale") {
  Database database;
  World world;
  for (int i = 0; i < 4; ++i) {
    world.users.push_back(database.add_user().id);
    world.groups.push_back(database.add_group().id);
    world.accounts.push_back(database.add_account().id);
  }
  std::atomic<int> made = 0;
  std::atomic<int> stale = 0;
  std::atomic<int> other = 0;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i) {
      writers.emplace_back([&] {
        for (int n = 0; n < 30; ++n) {
          auto done =
              db::in_transaction(database.pool, [&](db::Transaction& tx) { return change_something(tx, world); });
          if (done) {
            ++made;
          } else if (done.error().code == ErrorCode::kFailedPrecondition) {
            ++stale;
          } else {
            ++other;
          }
        }
      });
    }
  }
  CHECK(other == 0);
  CHECK(made + stale == 240);
  CHECK(made > 0);
  const auto changes = database.changes(0);
  CHECK(static_cast<std::int64_t>(changes.size()) == database.version().number);
  auto lease = database.pool.acquire();
  REQUIRE(lease);
  auto deadlocks = (*lease)->exec("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
  REQUIRE(deadlocks);
  CHECK(deadlocks->front().get<std::int64_t>("deadlocks") == 0);
}

TEST_CASE("a group that is deleted while keys and accounts join it ends up without either, or stays") {
  Database database;
  for (int round = 0; round < 10; ++round) {
    const auto group = database.add_group();
    const auto user = database.add_user();
    const auto account = database.add_account();
    Result<Group> deleted;
    {
      std::jthread deleter([&] {
        deleted = db::in_transaction(database.pool, [&](db::Transaction& tx) { return delete_group(tx, group.id); });
      });
      std::jthread joiner([&] {
        (void)db::in_transaction(database.pool, [&](db::Transaction& tx) {
          auto wanted = account;
          wanted.group_ids = {group.id};
          return update_account(tx, wanted);
        });
      });
      (void)db::in_transaction(database.pool, [&](db::Transaction& tx) {
        return insert_api_key(tx, {.id = new_id(),
                                   .user_id = user.id,
                                   .group_id = group.id,
                                   .public_id = random_base62(12),
                                   .last4 = "abcd",
                                   .key_hmac = random_base62(32)});
      });
    }
    const auto keys =
        database.must([&](db::Transaction& tx) { return list_api_keys(tx, {}, {.group_id = group.id}); }).rows;
    const auto links = database.must([&](db::Transaction& tx) { return get_account(tx, account.id); }).group_ids;
    if (deleted) {
      CHECK(keys.empty());
      CHECK(links.empty());
    } else {
      CHECK(deleted.error().code == ErrorCode::kFailedPrecondition);
      CHECK(keys.size() == 1);
    }
  }
}
