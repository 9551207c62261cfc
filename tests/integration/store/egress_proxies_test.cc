// Egress proxies and what accounts say about them; accounts' mappings and pause rules.
#include "controlplane/store/egress_proxies.h"

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using enum sluice::config::v1::Kind;
using enum sluice::config::v1::State;

namespace {

store::EgressProxy add_proxy(Database& database, const std::string& name = "out") {
  return database.must([&](db::Transaction& tx) {
    return insert_egress_proxy(tx, {.id = new_id(),
                                    .name = name,
                                    .url = "http://proxy.internal:3128",
                                    .username = "me",
                                    .sealed = std::string("\0sealed", 7)});
  });
}

store::Account with_proxies(Database& database, store::Account account, std::vector<std::string> ids) {
  account.egress_proxy_ids = std::move(ids);
  return database.must([&](db::Transaction& tx) { return update_account(tx, account); });
}

}  // namespace

TEST_CASE("an egress proxy is created, changed, listed and deleted") {
  Database database;
  store::EgressProxy proxy = add_proxy(database);
  CHECK(proxy.revision == 1);
  CHECK(proxy.sealed == std::string("\0sealed", 7));
  proxy.url = "socks5h://proxy.internal:1080";
  proxy.username.clear();
  proxy.sealed.clear();
  proxy.status = Status::kDisabled;
  proxy = database.must([&](db::Transaction& tx) { return update_egress_proxy(tx, proxy); });
  CHECK(proxy.revision == 2);
  CHECK(proxy.url == "socks5h://proxy.internal:1080");
  CHECK(proxy.sealed.empty());
  auto stale = proxy;
  stale.revision = 1;
  CHECK(database.refused([&](db::Transaction& tx) { return update_egress_proxy(tx, stale); }) ==
        ErrorCode::kFailedPrecondition);
  // A username without a password is none of the states.
  auto half = proxy;
  half.username = "me";
  CHECK(database.refused([&](db::Transaction& tx) { return update_egress_proxy(tx, half); }) ==
        ErrorCode::kInvalidArgument);
  const auto second = add_proxy(database);
  const auto listed = database.must([](db::Transaction& tx) { return list_egress_proxies(tx, {.size = 1}); });
  REQUIRE(listed.rows.size() == 1);
  CHECK(listed.rows[0].id == second.id);
  CHECK_FALSE(listed.next.empty());

  const auto deleted = database.must([&](db::Transaction& tx) { return delete_egress_proxy(tx, second.id); });
  CHECK(deleted.status == Status::kDeleted);
  CHECK(deleted.sealed.empty());
  CHECK(database.must([](db::Transaction& tx) { return list_egress_proxies(tx, {}); }).rows.size() == 1);
  CHECK(database.refused([&](db::Transaction& tx) { return delete_egress_proxy(tx, second.id); }) ==
        ErrorCode::kNotFound);
  CHECK(seen(database.changes(0)) == std::vector<Seen>{{KIND_EGRESS_PROXY, proxy.id, 1, STATE_ACTIVE},
                                                       {KIND_EGRESS_PROXY, proxy.id, 2, STATE_DISABLED},
                                                       {KIND_EGRESS_PROXY, second.id, 1, STATE_ACTIVE},
                                                       {KIND_EGRESS_PROXY, second.id, 2, STATE_DELETED}});
}

TEST_CASE("accounts keep the order of their proxies, and are pushed when it changes") {
  Database database;
  const auto first = add_proxy(database);
  const auto second = add_proxy(database);
  store::Account account = with_proxies(database, database.add_account(), {second.id, first.id});
  CHECK(account.egress_proxy_ids == std::vector{second.id, first.id});
  const auto before = database.version();
  account = with_proxies(database, account, {first.id, second.id});
  CHECK(account.egress_proxy_ids == std::vector{first.id, second.id});
  CHECK(seen(database.changes(before.number)) ==
        std::vector<Seen>{{KIND_ACCOUNT, account.id, account.revision, STATE_ACTIVE}});
  for (const auto& ids : {std::vector{new_id()}, std::vector{first.id, first.id}}) {
    account.egress_proxy_ids = ids;
    CHECK(database.refused([&](db::Transaction& tx) { return update_account(tx, account); }) ==
          ErrorCode::kFailedPrecondition);
  }
}

TEST_CASE("a proxy in use cannot be deleted, and the refusal names who uses it") {
  Database database;
  const auto proxy = add_proxy(database);
  const store::Account account = with_proxies(database, database.add_account(), {proxy.id});
  const auto refused =
      db::in_transaction(database.pool, [&](db::Transaction& tx) { return delete_egress_proxy(tx, proxy.id); });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kFailedPrecondition);
  CHECK(refused.error().message.find("accounts main:") != std::string::npos);
  CHECK(database.must([&](db::Transaction& tx) { return get_egress_proxy(tx, proxy.id); }).status == Status::kActive);
  database.must([&](db::Transaction& tx) { return delete_account(tx, account.id); });
  CHECK(database.must([&](db::Transaction& tx) { return delete_egress_proxy(tx, proxy.id); }).revision == 2);
  CHECK(database.must([&](db::Transaction& tx) { return get_account(tx, account.id); }).egress_proxy_ids.empty());
}

TEST_CASE("mappings and pause rules of an account are stored as they are") {
  Database database;
  store::Account account = database.add_account();
  CHECK(account.model_mapping.empty());
  CHECK(account.pause_rules.empty());
  config::v1::PauseRule rule;
  rule.set_status(529);
  rule.add_keywords("\"over\"loaded");
  rule.add_keywords("b");
  rule.set_minutes(10);
  config::v1::PauseRule any;
  any.set_status(403);
  any.set_minutes(1);
  account.model_mapping = {{"claude-\"x\"", "y"}, {"b", "c"}};
  account.pause_rules = {rule, any};
  const auto check = [&](const store::Account& stored) {
    CHECK(stored.model_mapping == account.model_mapping);
    REQUIRE(stored.pause_rules.size() == 2);
    CHECK(stored.pause_rules[0].SerializeAsString() == rule.SerializeAsString());
    CHECK(stored.pause_rules[1].SerializeAsString() == any.SerializeAsString());
  };
  check(database.must([&](db::Transaction& tx) { return update_account(tx, account); }));
  account.id = new_id();
  check(database.must([&](db::Transaction& tx) { return insert_account(tx, account); }));
}
