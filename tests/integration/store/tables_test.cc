#include <catch2/catch.hpp>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using enum sluice::config::v1::Kind;
using enum sluice::config::v1::State;
using std::chrono::hours;

TEST_CASE("API keys: stored, moved, disabled, deleted") {
  Database database;
  const auto user = database.add_user();
  const auto group = database.add_group();
  const auto other = database.add_group();
  auto key = database.add_key(user.id, group.id);
  CHECK(key.key_hmac.size() == 32);
  CHECK_FALSE(key.expires_at);
  const auto before = database.version();
  key.group_id = other.id;
  key.status = Status::kDisabled;
  key.expires_at = SystemTime(hours(500'000));
  const auto updated = database.must([&](db::Transaction& tx) { return update_api_key(tx, key); });
  CHECK(updated.group_id == other.id);
  CHECK(updated.expires_at == key.expires_at);
  CHECK(seen(database.changes(before.number)) == std::vector<Seen>{{KIND_API_KEY, key.id, 2, STATE_DISABLED}});
  CHECK(database.refused([&](db::Transaction& tx) { return update_api_key(tx, key); }) ==
        ErrorCode::kFailedPrecondition);
  const auto listed = database.must(
      [&](db::Transaction& tx) { return list_api_keys(tx, {}, {.user_id = user.id, .status = Status::kDisabled}); });
  CHECK(listed.rows.size() == 1);
  const auto none = database.must([&](db::Transaction& tx) { return list_api_keys(tx, {}, {.group_id = group.id}); });
  CHECK(none.rows.empty());
  CHECK(database.must([&](db::Transaction& tx) { return delete_api_key(tx, key.id); }).status == Status::kDeleted);
}

TEST_CASE("API keys: the same HMAC twice, and parents that are gone, are refused") {
  Database database;
  const auto user = database.add_user();
  const auto group = database.add_group();
  const auto key = database.add_key(user.id, group.id);
  auto copy = key;
  copy.id = new_id();
  copy.public_id = "other";
  CHECK(database.refused([&](db::Transaction& tx) { return insert_api_key(tx, copy); }) == ErrorCode::kAlreadyExists);
  copy.key_hmac = std::string(32, 'z');
  copy.group_id = new_id();
  CHECK(database.refused([&](db::Transaction& tx) { return insert_api_key(tx, copy); }) ==
        ErrorCode::kFailedPrecondition);
  copy.group_id = group.id;
  copy.key_hmac = "short";
  CHECK(database.refused([&](db::Transaction& tx) { return insert_api_key(tx, copy); }) == ErrorCode::kInvalidArgument);
  database.must([&](db::Transaction& tx) { return delete_user(tx, user.id); });
  copy.key_hmac = std::string(32, 'z');
  CHECK(database.refused([&](db::Transaction& tx) { return insert_api_key(tx, copy); }) ==
        ErrorCode::kFailedPrecondition);
}

TEST_CASE("API keys: the last use only moves forward and is no config change") {
  Database database;
  const auto key = database.add_key(database.add_user().id, database.add_group().id);
  const auto before = database.version();
  const auto use = [&](std::vector<SystemTime> times) {
    const std::vector<std::string> ids(times.size(), key.id);
    database.must([&](db::Transaction& tx) -> Result<int> {
      auto done = note_api_keys_used(tx, ids, times);
      if (!done) return std::unexpected(done.error());
      return 0;
    });
    return database.must([&](db::Transaction& tx) { return get_api_key(tx, key.id); }).last_used_at;
  };
  const SystemTime early(hours(400'000));
  const SystemTime late(hours(400'001));
  CHECK(use({early, late, early}) == late);
  CHECK(use({early}) == late);
  CHECK(use({}) == late);
  CHECK(database.version() == before);
}

TEST_CASE("prices: the newest one that has begun is in force") {
  Database database;
  const auto add = [&](int hour, std::int64_t input) {
    return database.must([&](db::Transaction& tx) {
      return insert_price(tx, store::Price{.id = new_id(),
                                           .model = "claude-a",
                                           .provider = "anthropic",
                                           .effective_at = SystemTime(hours(hour)),
                                           .input = input,
                                           .output = 5 * input});
    });
  };
  const auto first = add(100, 3'000'000'000);
  const auto second = add(200, 2'000'000'000);
  const auto at = [&](int hour) {
    return database.must([&](db::Transaction& tx) { return effective_price(tx, "claude-a", SystemTime(hours(hour))); });
  };
  CHECK(at(199).input == 3'000'000'000);
  CHECK(at(200).input == 2'000'000'000);
  CHECK(database.refused([](db::Transaction& tx) { return effective_price(tx, "claude-a", SystemTime(hours(99))); }) ==
        ErrorCode::kNotFound);
  CHECK(database.refused([&](db::Transaction& tx) {
    auto copy = first;
    copy.id = new_id();
    return insert_price(tx, copy);
  }) == ErrorCode::kAlreadyExists);

  const auto before = database.version();
  auto changed = second;
  changed.per_request = 7;
  CHECK(database.must([&](db::Transaction& tx) { return update_price(tx, changed); }).per_request == 7);
  CHECK(database.refused([&](db::Transaction& tx) { return update_price(tx, changed); }) ==
        ErrorCode::kFailedPrecondition);
  database.must([&](db::Transaction& tx) { return delete_price(tx, second.id); });
  CHECK(at(300).id == first.id);
  CHECK(seen(database.changes(before.number)) ==
        std::vector<Seen>{{KIND_PRICE, second.id, 2, STATE_ACTIVE}, {KIND_PRICE, second.id, 3, STATE_DELETED}});
  const auto listed = database.must([](db::Transaction& tx) { return list_prices(tx, {}, {.model = "claude-a"}); });
  CHECK(listed.rows.size() == 1);
}

TEST_CASE("settings: there from the start, changed with their revision") {
  Database database;
  auto settings = database.must([](db::Transaction& tx) { return get_settings(tx); });
  CHECK(settings.revision == 1);
  settings.value.set_default_user_concurrency(4);
  CHECK(database.must([&](db::Transaction& tx) { return update_settings(tx, settings); }).revision == 2);
  CHECK(database.refused([&](db::Transaction& tx) { return update_settings(tx, settings); }) ==
        ErrorCode::kFailedPrecondition);
  CHECK(database.must([](db::Transaction& tx) { return get_settings(tx); }).value.default_user_concurrency() == 4);
  CHECK(seen(database.changes(0)) == std::vector<Seen>{{KIND_SETTINGS, "settings", 2, STATE_ACTIVE}});
}

TEST_CASE("nodes: the latest report wins, whatever the order of arrival") {
  Database database;
  const auto put = [&](const store::Node& node) {
    database.must([&](db::Transaction& tx) -> Result<int> {
      auto done = put_node(tx, node);
      if (!done) return std::unexpected(done.error());
      return 0;
    });
  };
  store::Node node{
      .node_id = "dp-1", .boot_id = "a", .build = "0.1", .version_number = 7, .last_seen = SystemTime(hours(2))};
  put(node);
  node.version_number = 6;
  node.last_seen = SystemTime(hours(1));
  put(node);
  CHECK(database.must([](db::Transaction& tx) { return get_node(tx, "dp-1"); }).version_number == 7);
  node.version_number = 8;
  node.ready = true;
  node.rejections = R"([{"id": "x"}])";
  node.last_seen = SystemTime(hours(3));
  put(node);
  const auto nodes = database.must([](db::Transaction& tx) { return list_nodes(tx); });
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].version_number == 8);
  CHECK(nodes[0].ready);
  CHECK(nodes[0].rejections == R"([{"id": "x"}])");
  CHECK(database.version().number == 0);
}

TEST_CASE("admin tokens: found by hash, revoked once") {
  Database database;
  const auto user = database.add_user();
  const AdminToken wanted{
      .id = new_id(), .user_id = user.id, .name = "ci", .token_hash = std::string(32, '\xfe'), .last4 = "wxyz"};
  database.must([&](db::Transaction& tx) { return insert_admin_token(tx, wanted); });
  const auto found = database.must([&](db::Transaction& tx) { return find_admin_token(tx, wanted.token_hash); });
  CHECK(found.id == wanted.id);
  CHECK_FALSE(found.revoked_at);
  CHECK(database.refused([](db::Transaction& tx) { return find_admin_token(tx, std::string(32, 'q')); }) ==
        ErrorCode::kNotFound);
  const auto revoke = [&](int hour) {
    return database.must(
        [&](db::Transaction& tx) { return revoke_admin_token(tx, wanted.id, SystemTime(hours(hour))); });
  };
  CHECK(revoke(5).revoked_at == SystemTime(hours(5)));
  CHECK(revoke(9).revoked_at == SystemTime(hours(5)));
  CHECK(database.must([](db::Transaction& tx) { return list_admin_tokens(tx, {}); }).rows.empty());
  CHECK(database.must([](db::Transaction& tx) { return list_admin_tokens(tx, {}, {.include_revoked = true}); })
            .rows.size() == 1);
}

TEST_CASE("the audit log can be read and added to, but never changed") {
  Database database;
  const auto append = [&](const std::string& object_id) {
    database.must([&](db::Transaction& tx) -> Result<int> {
      auto done = append_audit(tx, {.id = new_id(),
                                    .actor = "system",
                                    .action = "user.create",
                                    .object_kind = "user",
                                    .object_id = object_id,
                                    .after = R"({"email": "a@b"})"});
      if (!done) return std::unexpected(done.error());
      return 0;
    });
  };
  append("one");
  append("two");
  const auto all = database.must([](db::Transaction& tx) { return list_audit(tx, {}); });
  REQUIRE(all.rows.size() == 2);
  CHECK(all.rows[0].object_id == "two");
  CHECK_FALSE(all.rows[0].before);
  CHECK(all.rows[0].after == R"({"email": "a@b"})");
  CHECK(database.must([](db::Transaction& tx) { return list_audit(tx, {}, {.object_id = "one"}); }).rows.size() == 1);
  for (const auto* sql : {"UPDATE audit_log SET actor = 'me'", "DELETE FROM audit_log", "TRUNCATE audit_log"}) {
    CHECK(database.refused([&](db::Transaction& tx) { return tx.exec(sql); }) == ErrorCode::kPermissionDenied);
  }
}
