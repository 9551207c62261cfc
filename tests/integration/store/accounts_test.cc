#include "controlplane/store/accounts.h"

#include <catch2/catch.hpp>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using enum sluice::config::v1::Kind;
using enum sluice::config::v1::State;

TEST_CASE("an account keeps its models and its groups") {
  Database database;
  const auto one = database.add_group();
  const auto two = database.add_group();
  auto account = database.add_account({two.id, one.id, one.id});
  CHECK(account.models == std::vector<std::string>{"claude-a", "claude-b"});
  CHECK(account.group_ids == std::vector{std::min(one.id, two.id), std::max(one.id, two.id)});
  CHECK(account.revision == 1);

  account.group_ids = {two.id};
  account.priority = -5;
  account.ca_pem = "-----BEGIN CERTIFICATE-----\n";
  const auto updated = database.must([&](db::Transaction& tx) { return update_account(tx, account); });
  CHECK(updated.group_ids == std::vector{two.id});
  CHECK(updated.priority == -5);
  CHECK(updated.ca_pem == account.ca_pem);
  CHECK(updated.revision == 2);
  const auto of_one = database.must([&](db::Transaction& tx) { return list_accounts(tx, {}, {.group_id = one.id}); });
  const auto of_two = database.must([&](db::Transaction& tx) { return list_accounts(tx, {}, {.group_id = two.id}); });
  CHECK(of_one.rows.empty());
  CHECK(of_two.rows.size() == 1);

  CHECK(database.refused([&](db::Transaction& tx) { return update_account(tx, account); }) ==
        ErrorCode::kFailedPrecondition);
  auto lost = updated;
  lost.group_ids = {new_id()};
  CHECK(database.refused([&](db::Transaction& tx) { return update_account(tx, lost); }) ==
        ErrorCode::kFailedPrecondition);
  CHECK(database.must([&](db::Transaction& tx) { return get_account(tx, account.id); }).group_ids ==
        std::vector{two.id});
}

TEST_CASE("a group takes accounts of its platforms, and hybrid ones of antigravity") {
  Database database;
  auto group = database.add_group();
  group.platforms = {"anthropic"};
  group = database.must([&](db::Transaction& tx) { return update_group(tx, group); });
  auto account = database.add_account({});
  account.provider = "antigravity";
  account.group_ids = {group.id};
  CHECK(database.refused([&](db::Transaction& tx) { return update_account(tx, account); }) ==
        ErrorCode::kFailedPrecondition);
  account.hybrid = true;
  account.tags = {"eu", "paid"};
  account.weight = 250;
  const auto joined = database.must([&](db::Transaction& tx) { return update_account(tx, account); });
  CHECK(joined.group_ids == std::vector{group.id});
  CHECK(joined.tags == account.tags);
  CHECK(joined.weight == 250);
  const auto tagged = [&](const char* tag) {
    return database.must([&](db::Transaction& tx) { return list_accounts(tx, {}, {.tag = tag}); }).rows.size();
  };
  CHECK(tagged("eu") == 1);
  CHECK(tagged("e") == 0);

  group.platforms = {"openai"};
  CHECK(database.refused([&](db::Transaction& tx) { return update_group(tx, group); }) ==
        ErrorCode::kFailedPrecondition);
  group.platforms = {"gemini", "openai"};
  CHECK(database.must([&](db::Transaction& tx) { return update_group(tx, group); }).platforms == group.platforms);
}

TEST_CASE("a group in use by keys stays; without keys its accounts leave it") {
  Database database;
  const auto group = database.add_group();
  const auto account = database.add_account({group.id});
  const auto key = database.add_key(database.add_user().id, group.id);
  CHECK(database.refused([&](db::Transaction& tx) { return delete_group(tx, group.id); }) ==
        ErrorCode::kFailedPrecondition);
  database.must([&](db::Transaction& tx) { return delete_api_key(tx, key.id, 1); });
  const auto before = database.version();
  database.must([&](db::Transaction& tx) { return delete_group(tx, group.id, 1); });
  CHECK(seen(database.changes(before.number)) ==
        std::vector<Seen>{{KIND_ACCOUNT, account.id, 2, STATE_ACTIVE}, {KIND_GROUP, group.id, 2, STATE_DELETED}});
  CHECK(database.must([&](db::Transaction& tx) { return get_account(tx, account.id); }).group_ids.empty());
  auto back = database.must([&](db::Transaction& tx) { return get_account(tx, account.id); });
  back.group_ids = {group.id};
  CHECK(database.refused([&](db::Transaction& tx) { return update_account(tx, back); }) ==
        ErrorCode::kFailedPrecondition);
}

TEST_CASE("a credential is recorded under its account's id and its revision survives deletion") {
  Database database;
  const auto account = database.add_account();
  const auto before = database.version();
  Credential wanted{.account_id = account.id,
                    .kind = CredentialKind::kAccessToken,
                    .sealed = std::string("\0sealed\xff", 8),
                    .key_version = 2,
                    .expires_at = SystemTime(std::chrono::seconds(2'000'000'000)),
                    .bound_hosts = {"api.anthropic.com:443"}};
  const auto put = database.must([&](db::Transaction& tx) { return put_credential(tx, wanted, 0); });
  CHECK(put.revision == 1);
  const auto read = database.must([&](db::Transaction& tx) { return get_credential(tx, account.id); });
  CHECK(read.sealed == wanted.sealed);
  CHECK(read.kind == CredentialKind::kAccessToken);
  CHECK(read.key_version == 2);
  CHECK(read.expires_at == wanted.expires_at);
  CHECK(read.bound_hosts == wanted.bound_hosts);

  CHECK(database.refused([&](db::Transaction& tx) { return put_credential(tx, wanted, 0); }) ==
        ErrorCode::kFailedPrecondition);
  const auto gone = database.must([&](db::Transaction& tx) { return delete_credential(tx, account.id); });
  CHECK(gone.sealed.empty());
  CHECK(database.must([](db::Transaction& tx) { return list_credentials(tx, {}); }).rows.empty());
  const auto again = database.must([&](db::Transaction& tx) { return put_credential(tx, wanted); });
  CHECK(again.revision == 3);
  CHECK(seen(database.changes(before.number)) == std::vector<Seen>{{KIND_CREDENTIAL, account.id, 1, STATE_ACTIVE},
                                                                   {KIND_CREDENTIAL, account.id, 2, STATE_DELETED},
                                                                   {KIND_CREDENTIAL, account.id, 3, STATE_ACTIVE}});
}

TEST_CASE("deleting an account wipes its credential and ends its groups") {
  Database database;
  const auto group = database.add_group();
  const auto account = database.add_account({group.id});
  database.must([&](db::Transaction& tx) { return put_credential(tx, {.account_id = account.id, .sealed = "x"}); });
  const auto before = database.version();
  const auto gone = database.must([&](db::Transaction& tx) { return delete_account(tx, account.id, 1); });
  CHECK(gone.group_ids.empty());
  CHECK(database.must([&](db::Transaction& tx) { return get_credential(tx, account.id); }).sealed.empty());
  CHECK(seen(database.changes(before.number)) == std::vector<Seen>{{KIND_CREDENTIAL, account.id, 2, STATE_DELETED},
                                                                   {KIND_ACCOUNT, account.id, 2, STATE_DELETED}});
  CHECK(database.refused([&](db::Transaction& tx) {
    return put_credential(tx, {.account_id = account.id, .sealed = "y"});
  }) == ErrorCode::kFailedPrecondition);
}

TEST_CASE("credentials are listed page by page") {
  Database database;
  std::vector<std::string> expected;
  for (int i = 0; i < 5; ++i) {
    expected.push_back(database.add_account().id);
    const Credential credential{.account_id = expected.back(), .sealed = "x"};
    database.must([&](db::Transaction& tx) { return put_credential(tx, credential); });
  }
  std::ranges::sort(expected);
  std::vector<std::string> ids;
  PageRequest request{.size = 2};
  do {
    auto page = database.must([&](db::Transaction& tx) { return list_credentials(tx, request); });
    for (const auto& credential : page.rows)
      ids.push_back(credential.account_id);
    request.cursor = page.next;
  } while (!request.cursor.empty());
  CHECK(ids == expected);
}
