#include "controlplane/store/account_health.h"

#include <catch2/catch.hpp>

#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using std::chrono::minutes;

TEST_CASE("each time that something keeps an account out is one episode, however often it is reported") {
  Database database;
  const Account account = database.add_account({});
  const SystemTime start = RealClock().now();
  const auto report = [&](minutes at, minutes until, std::int32_t reason = 1, std::string model = {}) {
    database.must([&](db::Transaction& tx) -> Result<bool> {
      const Result<> put = put_account_health(tx, {.account_id = account.id,
                                                   .model = std::move(model),
                                                   .reason = reason,
                                                   .until = start + until,
                                                   .upstream_status = 429,
                                                   .detail = "seen",
                                                   .node_id = "n",
                                                   .seen_at = start + at});
      if (!put) return std::unexpected(put.error());
      return true;
    });
  };
  const auto episodes = [&] {
    return database.must([&](db::Transaction& tx) { return list_health_episodes(tx, {}, account.id); }).rows;
  };
  report(minutes(0), minutes(5));
  report(minutes(1), minutes(4));  // another node; the later end stays
  report(minutes(2), minutes(9));
  REQUIRE(episodes().size() == 1);
  CHECK(episodes()[0].reports == 3);
  CHECK(episodes()[0].began_at == start);
  CHECK(episodes()[0].health.until == start + minutes(9));

  report(minutes(3), minutes(3));  // healthy again
  CHECK(episodes()[0].health.until == start + minutes(3));
  report(minutes(4), minutes(4));  // still is: nothing begins
  CHECK(episodes().size() == 1);

  report(minutes(10), minutes(20));
  report(minutes(10), minutes(20), 2);
  report(minutes(10), minutes(20), 1, "claude-a");
  CHECK(episodes().size() == 4);
  database.must([&](db::Transaction& tx) -> Result<bool> {
    if (Result<> gone = drop_account_health(tx, start + minutes(4)); !gone) return std::unexpected(gone.error());
    return true;
  });
  CHECK(episodes().size() == 3);
}
