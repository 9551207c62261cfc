#include "controlplane/jobs/lease.h"

#include "tests/integration/jobs/stage.h"

namespace sluice::jobs {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

void add_job(Stage& stage) {
  value_of(stage.in_tx([](db::Transaction& tx) { return register_jobs(tx, {"sweep"}); }));
}

std::optional<ErrorCode> refusal(Stage& stage, const Lease& lease) {
  const Result<> done = stage.in_tx([&](db::Transaction& tx) { return renew_lease(tx, lease, seconds(30)); });
  return done ? std::nullopt : std::optional(done.error().code);
}

}  // namespace

TEST_CASE("a lease has one holder, and ends when it is given back") {
  Stage stage;
  add_job(stage);
  const auto lease = stage.take("sweep", "a", seconds(30));
  REQUIRE(lease.has_value());
  CHECK_FALSE(stage.take("sweep", "b", seconds(30)).has_value());
  CHECK(stage.state("sweep").owner == "a");
  value_of(stage.in_tx([&](db::Transaction& tx) { return end_lease(tx, *lease, {.rows = 3, .every = seconds(0)}); }));
  CHECK(stage.state("sweep").last_outcome == "done");
  CHECK(stage.state("sweep").last_rows == 3);
  const auto second = stage.take("sweep", "b", seconds(30));
  REQUIRE(second.has_value());
  CHECK(second->fence > lease->fence);
}

TEST_CASE("who lost the lease can neither lengthen nor end it") {
  Stage stage;
  add_job(stage);
  const auto old = stage.take("sweep", "a", milliseconds(1));
  REQUIRE(old.has_value());
  std::optional<Lease> taken;
  REQUIRE(eventually(kGenerous, [&] { return (taken = stage.take("sweep", "a", seconds(30))).has_value(); }));
  CHECK(refusal(stage, *old) == ErrorCode::kFailedPrecondition);  // though the owner has the same name
  CHECK_FALSE(stage.in_tx([&](db::Transaction& tx) { return end_lease(tx, *old, {}); }).has_value());
  CHECK(refusal(stage, *taken) == std::nullopt);
  CHECK(stage.state("sweep").last_outcome == "never");
}

TEST_CASE("a lease cannot be taken while its holder works, however late it is") {
  Stage stage;
  add_job(stage);
  const auto lease = stage.take("sweep", "a", milliseconds(1));
  REQUIRE(lease.has_value());
  value_of(stage.in_tx([&](db::Transaction& tx) -> Result<> {
    if (Result<> held = renew_lease(tx, *lease, milliseconds(0)); !held) return held;
    std::this_thread::sleep_for(milliseconds(20));  // over by now
    CHECK_FALSE(stage.take("sweep", "b", seconds(30)).has_value());
    return {};
  }));
  CHECK(stage.take("sweep", "b", seconds(30)).has_value());
}

TEST_CASE("a failed job comes again after a minute at most, a triggered one at once") {
  Stage stage;
  add_job(stage);
  const auto end = [&](const Lease& lease, Outcome outcome) {
    value_of(stage.in_tx([&](db::Transaction& tx) {
      return end_lease(tx, lease, {.outcome = outcome, .error = "why", .every = std::chrono::hours(5)});
    }));
  };
  end(stage.take("sweep", "a", seconds(30)).value(), Outcome::kFailed);
  JobState state = stage.state("sweep");
  CHECK(state.last_error == "why");
  CHECK(state.next_run_at - *state.last_ended_at == std::chrono::minutes(1));
  CHECK_FALSE(stage.take("sweep", "a", seconds(30)).has_value());

  const auto trigger = [&](std::string_view name) {
    return stage.in_tx([&](db::Transaction& tx) { return trigger_job(tx, name); });
  };
  CHECK(trigger("other").error().code == ErrorCode::kNotFound);
  value_of(trigger("sweep"));
  const auto lease = stage.take("sweep", "a", seconds(30));
  REQUIRE(lease.has_value());
  value_of(trigger("sweep"));  // while it runs
  end(*lease, Outcome::kDone);
  const auto again = stage.take("sweep", "a", seconds(30));
  REQUIRE(again.has_value());
  end(*again, Outcome::kDone);
  CHECK_FALSE(stage.take("sweep", "a", seconds(30)).has_value());
}

}  // namespace sluice::jobs
