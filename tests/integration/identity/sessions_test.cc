// Sessions on a real database: how they end, and what is kept of them.
#include "controlplane/identity/sessions.h"

#include "tests/integration/store/fixture.h"

namespace sluice::identity {

namespace {

struct Place {
  store::Database database;
  ManualClock clock{RealClock().now()};
  store::User user = database.add_user();

  NewSession start(const std::string& network = "203.0.113.7/32") {
    return database.must([&](db::Transaction& tx) {
      return start_session(tx, clock, user.id, false, {.network = network, .user_agent = "Browser\t1\n\xc3\xa4"});
    });
  }
  bool works(const NewSession& session) {
    const auto found = db::in_transaction(
        database.pool, [&](db::Transaction& tx) { return find_session(tx, session.token.reveal(), clock); });
    if (!found) CHECK(found.error().code == ErrorCode::kUnauthenticated);
    return found.has_value();
  }
  SystemTime last_seen(const NewSession& session) {
    return database.must([&](db::Transaction& tx) { return store::get_session(tx, session.row.id); }).last_seen_at;
  }
};

}  // namespace

TEST_CASE("a session ends a week after it began, whatever is done with it") {
  Place place;
  const NewSession session = place.start();
  for (auto passed = std::chrono::hours(0); passed < kSessionLifetime; passed += std::chrono::hours(6)) {
    REQUIRE(place.works(session));
    place.clock.advance(std::chrono::hours(6));
  }
  CHECK_FALSE(place.works(session));
}

TEST_CASE("a session ends when it is not used") {
  Place place;
  const NewSession session = place.start();
  place.clock.advance(kSessionIdle - std::chrono::seconds(1));
  CHECK(place.works(session));
  place.clock.advance(kSessionIdle - std::chrono::seconds(1));
  CHECK(place.works(session));
  place.clock.advance(kSessionIdle);
  CHECK_FALSE(place.works(session));
}

TEST_CASE("last seen moves once a minute") {
  Place place;
  const NewSession session = place.start();
  const SystemTime start = place.clock.now();
  place.clock.advance(std::chrono::seconds(59));
  CHECK(place.works(session));
  CHECK(place.last_seen(session) == start);
  place.clock.advance(std::chrono::seconds(2));
  CHECK(place.works(session));
  CHECK(place.last_seen(session) == place.clock.now());
}

TEST_CASE("a session ends with its user, and when it is revoked") {
  Place place;
  const NewSession first = place.start();
  const NewSession second = place.start();
  SECTION("disabled") {
    place.user.status = store::Status::kDisabled;
    place.database.must([&](db::Transaction& tx) { return store::update_user(tx, place.user); });
    CHECK_FALSE(place.works(first));
  }
  SECTION("deleted") {
    place.database.must([&](db::Transaction& tx) { return store::delete_user(tx, place.user.id); });
    CHECK_FALSE(place.works(first));
  }
  SECTION("all but one") {
    CHECK(place.database.must([&](db::Transaction& tx) {
      return store::revoke_sessions(tx, place.user.id, second.row.id, place.clock.now());
    }) == 1);
    CHECK_FALSE(place.works(first));
    CHECK(place.works(second));
  }
}

TEST_CASE("a forged token is nobody's, and no token is stored") {
  Place place;
  const NewSession session = place.start();
  for (const std::string& forged : {std::string(), std::string(43, 'a'), session.row.id, session.row.token_hash,
                                    std::string(session.token.reveal()) + "x", std::string("' OR true --")}) {
    const auto found = db::in_transaction(place.database.pool,
                                          [&](db::Transaction& tx) { return find_session(tx, forged, place.clock); });
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::kUnauthenticated);
  }
  const std::string kept = place.database.must([](db::Transaction& tx) -> Result<std::string> {
    auto rows = tx.exec("SELECT string_agg(t::text, ' ') AS all_of FROM sessions t");
    if (!rows) return std::unexpected(rows.error());
    return rows->front().get<std::string>("all_of");
  });
  CHECK(kept.find(session.row.token_hash) != std::string::npos);
  CHECK(kept.find(session.token.reveal()) == std::string::npos);
  CHECK(session.row.user_agent == "Browser?1???");
}

TEST_CASE("old sessions are dropped") {
  Place place;
  const NewSession session = place.start();
  const auto drop = [&](SystemTime before) {
    return place.database.must([&](db::Transaction& tx) { return store::drop_sessions(tx, before, 10); });
  };
  CHECK(drop(session.row.expires_at) == 0);
  CHECK(drop(session.row.expires_at + std::chrono::seconds(1)) == 1);
}

}  // namespace sluice::identity
