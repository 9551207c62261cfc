#include "controlplane/store/page.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;

namespace {

std::vector<std::string> read_all(Database& database, int size, const UserFilter& filter = {}) {
  std::vector<std::string> ids;
  PageRequest request{.size = size};
  do {
    auto page = database.must([&](db::Transaction& tx) { return list_users(tx, request, filter); });
    CHECK(page.rows.size() <= static_cast<std::size_t>(size));
    for (const auto& user : page.rows)
      ids.push_back(user.id);
    request.cursor = page.next;
  } while (!request.cursor.empty());
  return ids;
}

}  // namespace

TEST_CASE("pages hold every row once although all were made at the same moment") {
  Database database;
  std::set<std::string> expected;
  database.must([&](db::Transaction& tx) -> Result<int> {
    for (int i = 0; i < 10; ++i) {
      auto user = insert_user(tx, {.id = new_id(), .email = std::to_string(i) + "@example.com"});
      if (!user) return std::unexpected(user.error());
      expected.insert(user->id);
    }
    return 0;
  });
  for (const int size : {1, 3, 5, 10, 11}) {
    const auto ids = read_all(database, size);
    CHECK(ids.size() == 10);
    CHECK(std::set<std::string>(ids.begin(), ids.end()) == expected);
    CHECK(std::ranges::is_sorted(ids, std::greater{}));
  }
}

TEST_CASE("rows that are added while paging move nothing, the newest come first") {
  Database database;
  const auto a = database.add_user();
  const auto b = database.add_user();
  const auto c = database.add_user();
  auto page = database.must([](db::Transaction& tx) { return list_users(tx, {.size = 2}); });
  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].id == c.id);
  CHECK(page.rows[1].id == b.id);
  database.add_user();
  page = database.must([&](db::Transaction& tx) { return list_users(tx, {.size = 2, .cursor = page.next}); });
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].id == a.id);
  CHECK(page.next.empty());
}

TEST_CASE("deleted rows are listed only on request; a status filters") {
  Database database;
  const auto kept = database.add_user();
  const auto gone = database.add_user();
  database.must([&](db::Transaction& tx) { return delete_user(tx, gone.id); });
  CHECK(read_all(database, 10) == std::vector{kept.id});
  CHECK(read_all(database, 10, {.include_deleted = true}).size() == 2);
  CHECK(read_all(database, 10, {.status = Status::kDisabled}).empty());
}

TEST_CASE("a cursor comes back as it was; anything else is refused") {
  const Position position{SystemTime(std::chrono::microseconds(1'767'225'600'123'456)), new_id()};
  const auto decoded = decode_cursor(encode_cursor(position));
  REQUIRE(decoded);
  REQUIRE(*decoded);
  CHECK((*decoded)->created_at == position.created_at);
  CHECK((*decoded)->id == position.id);
  CHECK(decode_cursor("")->has_value() == false);
  for (const auto* text : {"!", "abc", "MTIz", "MTIzLm5vLXV1aWQ"})
    CHECK_FALSE(decode_cursor(text));
}
