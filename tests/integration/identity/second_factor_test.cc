// Second factors on a real database: codes and recovery codes work once each.
#include "controlplane/identity/second_factor.h"

#include <set>
#include <thread>

#include "controlplane/identity/totp.h"
#include "tests/integration/store/fixture.h"

namespace sluice::identity {

namespace {

struct Place {
  store::Database database;
  ManualClock clock{RealClock().now()};
  const crypto::Vault vault{{{1, Secret(std::string(32, 'k'))}}};
  store::User user = database.add_user();

  Secret begin() {
    return database.must([&](db::Transaction& tx) { return begin_totp(tx, vault, user.id); });
  }
  std::string code(const Secret& secret) { return totp_code(secret, totp_step(clock.now())); }
  std::vector<std::string> confirm(const Secret& secret) {
    return database.must([&](db::Transaction& tx) { return confirm_totp(tx, vault, clock, user.id, code(secret)); });
  }
  bool use(const std::string& given) {
    return database.must([&](db::Transaction& tx) { return use_code(tx, vault, clock, user.id, given); });
  }
  bool has() {
    return database.must([&](db::Transaction& tx) { return has_second_factor(tx, user.id); });
  }
};

}  // namespace

TEST_CASE("a second factor is asked for once a first code was right") {
  Place place;
  CHECK_FALSE(place.has());
  (void)place.begin();
  const Secret secret = place.begin();
  CHECK_FALSE(place.has());
  CHECK_FALSE(place.use(place.code(secret)));
  CHECK(place.database.refused([&](db::Transaction& tx) {
    return confirm_totp(tx, place.vault, place.clock, place.user.id, "000000x");
  }) == ErrorCode::kInvalidArgument);
  CHECK_FALSE(place.has());
  CHECK(place.confirm(secret).size() == 10);
  CHECK(place.has());
  CHECK(place.database.refused([&](db::Transaction& tx) { return begin_totp(tx, place.vault, place.user.id); }) ==
        ErrorCode::kFailedPrecondition);
}

TEST_CASE("a code by time works once") {
  Place place;
  const Secret secret = place.begin();
  (void)place.confirm(secret);
  CHECK_FALSE(place.use(place.code(secret)));
  place.clock.advance(std::chrono::seconds(30));
  const std::string next = place.code(secret);
  CHECK(place.use(next));
  CHECK_FALSE(place.use(next));
  // An earlier one that was not used is over, too.
  place.clock.advance(std::chrono::seconds(60));
  CHECK(place.use(place.code(secret)));
  CHECK_FALSE(place.use(totp_code(secret, totp_step(place.clock.now()) - 1)));
}

TEST_CASE("of the same code at the same moment one is taken") {
  Place place;
  const Secret secret = place.begin();
  const std::vector<std::string> recovery = place.confirm(secret);
  place.clock.advance(std::chrono::seconds(60));
  for (const std::string& given : {place.code(secret), recovery.front()}) {
    std::atomic<int> taken = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&] {
        const auto used = db::in_transaction(place.database.pool, [&](db::Transaction& tx) {
          return use_code(tx, place.vault, place.clock, place.user.id, given);
        });
        if (used && *used) ++taken;
      });
    }
    threads.clear();
    CHECK(taken == 1);
  }
}

TEST_CASE("each recovery code works once, however it is typed, for its user alone") {
  Place place;
  const std::vector<std::string> codes = place.confirm(place.begin());
  CHECK(std::set<std::string>(codes.begin(), codes.end()).size() == 10);
  std::string typed = codes[0];
  for (char& c : typed)
    c = c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  CHECK(place.use(typed));
  CHECK_FALSE(place.use(codes[0]));
  CHECK(place.use(codes[1]));
  CHECK_FALSE(place.use("AAAAA-AAAAA-AAAAA-AAAAA"));
  CHECK_FALSE(place.use(""));

  const store::User other = place.database.add_user();
  CHECK_FALSE(place.database.must(
      [&](db::Transaction& tx) { return use_code(tx, place.vault, place.clock, other.id, codes[2]); }));
  const std::string kept = place.database.must([](db::Transaction& tx) -> Result<std::string> {
    auto rows = tx.exec(
        "SELECT (SELECT string_agg(t::text, ' ') FROM recovery_codes t) || (SELECT string_agg(t::text, ' ') FROM "
        "user_totp t) AS all_of");
    if (!rows) return std::unexpected(rows.error());
    return rows->front().get<std::string>("all_of");
  });
  for (const std::string& code : codes)
    CHECK(kept.find(code) == std::string::npos);
}

}  // namespace sluice::identity
