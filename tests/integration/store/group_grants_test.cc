#include "controlplane/store/group_grants.h"

#include <catch2/catch.hpp>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;

namespace {

Group exclusive(Database& database) {
  Group group = database.add_group();
  group.exclusive = true;
  return database.must([&](db::Transaction& tx) { return update_group(tx, group); });
}

GroupGrant give(Database& database, const std::string& user_id, const std::string& group_id,
                std::optional<std::int64_t> multiplier_ppm = {}) {
  return database.must([&](db::Transaction& tx) {
    return put_grant(tx, {.id = new_id(), .user_id = user_id, .group_id = group_id, .multiplier_ppm = multiplier_ppm});
  });
}

Result<bool> take(db::Transaction& tx, const User& user, const Group& group) {
  if (Result<> gone = delete_grant(tx, user.id, group.id); !gone) return std::unexpected(gone.error());
  return true;
}

}  // namespace

TEST_CASE("keys of an exclusive group are for those who were given it") {
  Database database;
  const Group group = exclusive(database);
  const User user = database.add_user();
  ApiKey key = database.add_key(user.id, database.add_group().id);
  key.group_id = group.id;
  CHECK(database.refused([&](db::Transaction& tx) { return update_api_key(tx, key); }) ==
        ErrorCode::kFailedPrecondition);
  give(database, database.add_user().id, group.id);  // somebody else's
  CHECK(database.refused([&](db::Transaction& tx) { return update_api_key(tx, key); }) ==
        ErrorCode::kFailedPrecondition);
  give(database, user.id, group.id);
  key = database.must([&](db::Transaction& tx) { return update_api_key(tx, key); });

  database.must([&](db::Transaction& tx) { return take(tx, user, group); });
  key.status = Status::kDisabled;
  CHECK(database.must([&](db::Transaction& tx) { return update_api_key(tx, key); }).status == Status::kDisabled);
  CHECK(database.refused([&](db::Transaction& tx) { return take(tx, user, group); }) == ErrorCode::kNotFound);
}

TEST_CASE("every change of a grant is a new revision of the user, and a group takes its grants along") {
  Database database;
  const Group group = exclusive(database);
  const User user = database.add_user();
  const auto revision = [&] {
    return database.must([&](db::Transaction& tx) { return get_user(tx, user.id); }).revision;
  };
  const auto first = revision();
  const GroupGrant made = give(database, user.id, group.id);
  CHECK_FALSE(made.multiplier_ppm);
  const GroupGrant changed = give(database, user.id, group.id, 250'000);
  CHECK(changed.id == made.id);
  CHECK(changed.multiplier_ppm == 250'000);
  CHECK(revision() == first + 2);
  const auto held = [&] {
    return database.must([&](db::Transaction& tx) { return list_grants(tx, {}, {.user_id = user.id}); }).rows.size();
  };
  CHECK(held() == 1);
  database.must([&](db::Transaction& tx) { return delete_group(tx, group.id); });
  CHECK(held() == 0);
  CHECK(revision() == first + 3);
  CHECK(database.refused([&](db::Transaction& tx) {
    return put_grant(tx, {.id = new_id(), .user_id = user.id, .group_id = group.id});
  }) == ErrorCode::kFailedPrecondition);
}
