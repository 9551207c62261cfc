// How often may be tried, counted in the database, so by all replicas together.
#include "controlplane/identity/login_limits.h"

#include <thread>

#include "controlplane/identity/sessions.h"
#include "tests/integration/store/fixture.h"

namespace sluice::identity {

namespace {

struct Place {
  store::Database database;
  db::Pool other_replica{
      db::PoolOptions{.conninfo = Secret(database.conninfo), .size = 4, .acquire_limit = testing::kGenerous}};
  ManualClock clock{RealClock().now()};
  store::User user = database.add_user();

  Result<Attempt> attempt(db::Pool& pool, const std::string& network, const std::string& user_id) {
    return db::in_transaction(
        pool, [&](db::Transaction& tx) { return count_attempt(tx, clock, user_id, "somebody@example.com", network); });
  }
  // How many go through until one is refused.
  int until_refused(const std::string& network, const std::string& user_id) {
    for (int taken = 0; taken < 1'000; ++taken) {
      const auto made = attempt(taken % 2 == 0 ? database.pool : other_replica, network, user_id);
      if (made) continue;
      CHECK(made.error().code == ErrorCode::kResourceExhausted);
      CHECK(made.error().message.find("try again in") != std::string::npos);
      return taken;
    }
    return -1;
  }
};

}  // namespace

TEST_CASE("an account takes ten attempts, then one a minute, over two replicas") {
  Place place;
  for (const std::string& who : {place.user.id, std::string()}) {
    CHECK(place.until_refused("", who) == 10);
    CHECK(place.until_refused("", who) == 0);
    place.clock.advance(std::chrono::seconds(61));
    CHECK(place.until_refused("", who) == 1);
    place.clock.advance(std::chrono::hours(1));
    CHECK(place.until_refused("", who) == 10);
  }
}

TEST_CASE("attempts at once are counted exactly") {
  Place place;
  std::atomic<int> through = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        if (place.attempt(t % 2 == 0 ? place.database.pool : place.other_replica, "", place.user.id)) ++through;
      }
    });
  }
  threads.clear();
  CHECK(through == 10);
}

TEST_CASE("a network takes thirty attempts whoever is tried") {
  Place place;
  int through = 0;
  for (int i = 0; i < 60; ++i) {
    if (place.attempt(place.database.pool, "203.0.113.7/32", store::new_id())) ++through;
  }
  CHECK(through == 30);
  CHECK(place.attempt(place.database.pool, "203.0.113.8/32", store::new_id()));
}

TEST_CASE("a right password gives the attempt back") {
  Place place;
  for (int i = 0; i < 100; ++i) {
    const auto made = place.attempt(place.database.pool, "203.0.113.7/32", place.user.id);
    REQUIRE(made);
    place.database.must([&](db::Transaction& tx) -> Result<bool> {
      if (Result<> given = give_back(tx, *made); !given) return std::unexpected(given.error());
      return true;
    });
  }
}

TEST_CASE("nobody can lock a person out of where he signed in before") {
  Place place;
  place.database.must([&](db::Transaction& tx) {
    return start_session(tx, place.clock, place.user.id, false, {.network = "203.0.113.7/32", .user_agent = ""});
  });
  CHECK(place.until_refused("198.51.100.1/32", place.user.id) == 10);
  CHECK(place.until_refused("198.51.100.2/32", place.user.id) == 0);
  CHECK(place.attempt(place.database.pool, "203.0.113.7/32", place.user.id));
}

TEST_CASE("what says nothing any more is dropped") {
  Place place;
  REQUIRE(place.attempt(place.database.pool, "", place.user.id));
  const auto drop = [&] {
    return place.database.must(
        [&](db::Transaction& tx) { return store::drop_login_attempts(tx, place.clock.now(), 10); });
  };
  CHECK(drop() == 0);
  place.clock.advance(std::chrono::seconds(61));
  CHECK(drop() == 1);
}

}  // namespace sluice::identity
