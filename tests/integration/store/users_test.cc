#include "controlplane/store/users.h"

#include <catch2/catch.hpp>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using enum sluice::config::v1::Kind;
using enum sluice::config::v1::State;

TEST_CASE("a user is stored, changed and deleted, and every step is recorded") {
  Database database;
  const auto inserted = database.must([](db::Transaction& tx) {
    return insert_user(tx, store::User{.id = new_id(),
                                       .email = "Ann@Example.com",
                                       .display_name = "Ann",
                                       .role = Role::kAdmin,
                                       .concurrency = 3,
                                       .multiplier_ppm = 500'000});
  });
  CHECK(inserted.revision == 1);
  CHECK(inserted.email == "Ann@Example.com");
  CHECK(inserted.role == Role::kAdmin);
  CHECK(inserted.concurrency == 3);
  CHECK(inserted.multiplier_ppm == 500'000);

  auto wanted = inserted;
  wanted.status = Status::kDisabled;
  wanted.display_name = "Ann B.";
  const auto updated = database.must([&](db::Transaction& tx) { return update_user(tx, wanted); });
  CHECK(updated.revision == 2);
  CHECK(updated.status == Status::kDisabled);
  CHECK(updated.display_name == "Ann B.");

  const auto gone = database.must([&](db::Transaction& tx) { return delete_user(tx, inserted.id, 2); });
  CHECK(gone.status == Status::kDeleted);
  const auto read = database.must([&](db::Transaction& tx) { return get_user(tx, inserted.id); });
  CHECK(read.status == Status::kDeleted);
  CHECK(read.revision == 3);

  CHECK(seen(database.changes(0)) == std::vector<Seen>{{KIND_USER, inserted.id, 1, STATE_ACTIVE},
                                                       {KIND_USER, inserted.id, 2, STATE_DISABLED},
                                                       {KIND_USER, inserted.id, 3, STATE_DELETED}});
}

TEST_CASE("a stale revision is refused and changes nothing") {
  Database database;
  const auto user = database.add_user();
  auto first = user;
  first.display_name = "first";
  auto second = user;
  second.display_name = "second";
  database.must([&](db::Transaction& tx) { return update_user(tx, first); });
  const auto version = database.version();
  CHECK(database.refused([&](db::Transaction& tx) { return update_user(tx, second); }) ==
        ErrorCode::kFailedPrecondition);
  CHECK(database.refused([&](db::Transaction& tx) { return delete_user(tx, user.id, user.revision); }) ==
        ErrorCode::kFailedPrecondition);
  CHECK(database.must([&](db::Transaction& tx) { return get_user(tx, user.id); }).display_name == "first");
  CHECK(database.version() == version);
}

TEST_CASE("an e-mail address is unique without regard to case, until its user is deleted") {
  Database database;
  const auto user = database.add_user("ann@example.com");
  const auto again = [&](db::Transaction& tx) {
    return insert_user(tx, store::User{.id = new_id(), .email = "ANN@example.com"});
  };
  CHECK(database.refused(again) == ErrorCode::kAlreadyExists);
  const auto found = database.must([](db::Transaction& tx) { return find_user_by_email(tx, "Ann@EXAMPLE.com"); });
  CHECK(found.id == user.id);
  database.must([&](db::Transaction& tx) { return delete_user(tx, user.id); });
  CHECK(database.refused([](db::Transaction& tx) { return find_user_by_email(tx, "ann@example.com"); }) ==
        ErrorCode::kNotFound);
  database.must(again);
}

TEST_CASE("what is unknown, deleted or malformed is refused") {
  Database database;
  const auto user = database.add_user();
  CHECK(database.refused([](db::Transaction& tx) { return get_user(tx, new_id()); }) == ErrorCode::kNotFound);
  CHECK(database.refused([](db::Transaction& tx) { return get_user(tx, "no uuid"); }) == ErrorCode::kInvalidArgument);
  CHECK(database.refused([](db::Transaction& tx) { return touch_user(tx, new_id()); }) == ErrorCode::kNotFound);
  auto negative = user;
  negative.concurrency = -1;
  CHECK(database.refused([&](db::Transaction& tx) { return update_user(tx, negative); }) ==
        ErrorCode::kInvalidArgument);
  auto deleting = user;
  deleting.status = Status::kDeleted;
  CHECK(database.refused([&](db::Transaction& tx) { return update_user(tx, deleting); }) ==
        ErrorCode::kInvalidArgument);
  const auto gone = database.must([&](db::Transaction& tx) { return delete_user(tx, user.id); });
  auto revived = gone;
  revived.status = Status::kActive;
  CHECK(database.refused([&](db::Transaction& tx) { return update_user(tx, revived); }) == ErrorCode::kNotFound);
  CHECK(database.refused([&](db::Transaction& tx) { return delete_user(tx, user.id); }) == ErrorCode::kNotFound);
}

TEST_CASE("deleting a user deletes its keys and revokes its tokens") {
  Database database;
  const auto user = database.add_user();
  const auto group = database.add_group();
  const auto key = database.add_key(user.id, group.id);
  const auto token = database.must([&](db::Transaction& tx) {
    return insert_admin_token(
        tx, {.id = new_id(), .user_id = user.id, .name = "ci", .token_hash = std::string(32, 't'), .last4 = "wxyz"});
  });
  const auto before = database.version();
  database.must([&](db::Transaction& tx) { return delete_user(tx, user.id); });
  CHECK(seen(database.changes(before.number)) ==
        std::vector<Seen>{{KIND_API_KEY, key.id, 2, STATE_DELETED}, {KIND_USER, user.id, 2, STATE_DELETED}});
  CHECK(database.must([&](db::Transaction& tx) { return get_admin_token(tx, token.id); }).revoked_at.has_value());
  CHECK(database.refused([&](db::Transaction& tx) {
    return insert_admin_token(
        tx, {.id = new_id(), .user_id = user.id, .token_hash = std::string(32, 'u'), .last4 = "wxyz"});
  }) == ErrorCode::kFailedPrecondition);
}
