#include "dataplane/pick/decision.h"

#include <catch2/catch.hpp>
#include <thread>

#include "dataplane/pick/decision_ring.h"
#include "tests/unit/pick/world.h"

using namespace sluice;
using namespace sluice::testing;
using pick::Decision;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

const std::string kRequest = uuid(9, 1);

Decision begun() {
  Decision decision;
  decision.begin(kRequest, kNow, kSteady);
  decision.caller(uuid(1, 1), uuid(3, 1), uuid(2, 1));
  decision.model(kModel);
  return decision;
}

std::map<std::string, std::string> skipped(const usage::v1::DecisionRecord& record) {
  std::map<std::string, std::string> out;
  for (const auto& one : record.candidates())
    out[one.account_id()] = one.skipped();
  return out;
}

}  // namespace

TEST_CASE("a decision tells who was considered, tried and chosen, and how long it waited") {
  World world;
  world.add(1, {.priority = 1, .concurrency = 5});
  world.add(2, {.priority = 2, .concurrency = 3});
  world.add(3, {.priority = 3, .concurrency = 9});
  world.add(4, {.priority = 4});
  world.add(5, {.models = {"other"}});
  world.add(6, {});
  Blocks blocks;
  const auto day = std::chrono::floor<std::chrono::days>(kNow);
  const SystemTime noon = day + std::chrono::hours(12) + std::chrono::seconds(3);
  blocks.by_account[uuid(4, 4)] = {noon, false, config::v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED};
  blocks.by_account[uuid(4, 6)] = {noon + std::chrono::days(4), false, config::v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP};
  pick::Chooser chooser(blocks.fn());

  Decision decision = begun();
  decision.considered(chooser.choose(ask_of(world)));
  decision.wait_started("user", kSteady + milliseconds(1));
  decision.wait_ended("granted", kSteady + milliseconds(4));
  decision.load(uuid(4, 1), 1, 0);
  decision.load(uuid(4, 2), 3, 0);
  decision.attempt_started(uuid(4, 1), "lowest_priority", "", kSteady + milliseconds(5));
  decision.attempt_ended(529, "overloaded", kSteady + milliseconds(6));
  const std::string first = uuid(4, 1);
  const std::string_view tried[] = {first};
  pick::ChooseAsk again = ask_of(world);
  again.tried = tried;
  decision.considered(chooser.choose(again));
  decision.attempt_started(uuid(4, 3), "lowest_load", "", kSteady + milliseconds(7));
  decision.egress("http://proxy:1");
  decision.first_byte(kSteady + milliseconds(8));
  decision.attempt_ended(200, "", kSteady + milliseconds(9));
  decision.finish(200, "served", kSteady + milliseconds(10));

  const usage::v1::DecisionRecord record = to_proto(decision);
  CHECK(record.request_id() == kRequest);
  CHECK(record.user_id() == uuid(1, 1));
  CHECK(record.api_key_id() == uuid(3, 1));
  CHECK(record.group_id() == uuid(2, 1));
  CHECK(record.requested_model() == kModel);
  CHECK(record.started_at().seconds() == 1'790'000'000);
  CHECK(record.status() == 200);
  CHECK(record.outcome() == "served");
  CHECK(record.total_us() == 10'000);
  CHECK(record.others() == 0);
  CHECK(skipped(record) ==
        std::map<std::string, std::string>{{uuid(4, 1), "tried"},
                                           {uuid(4, 2), "full"},
                                           {uuid(4, 3), ""},
                                           {uuid(4, 4), "rate_limited until 12:00:03Z"},
                                           {uuid(4, 5), "model_not_served"},
                                           {uuid(4, 6), "quota_used_up until 2026-09-25T12:00:03Z"}});
  REQUIRE(record.attempts_size() == 2);
  CHECK(record.attempts(0).failure() == "overloaded");
  CHECK(record.attempts(0).status() == 529);
  CHECK(record.attempts(0).chosen_by() == "lowest_priority");
  CHECK(record.attempts(1).egress_proxy() == "http://proxy:1");
  CHECK(record.attempts(1).started_us() == 7'000);
  CHECK(record.attempts(1).first_byte_us() == 8'000);
  CHECK(record.attempts(1).ended_us() == 9'000);
  REQUIRE(record.waits_size() == 1);
  CHECK(record.waits(0).scope() == "user");
  CHECK(record.waits(0).ended() == "granted");
  CHECK(record.waits(0).started_us() == 1'000);
  CHECK(record.waits(0).waited_us() == 3'000);
  CHECK(decision.waited_us() == 3'000);
}

TEST_CASE("the last resort is named") {
  World world;
  world.add(1, {});
  Blocks blocks;
  blocks.by_account[uuid(4, 1)] = {kNow, true, config::v1::ACCOUNT_HEALTH_REASON_OVERLOADED};
  pick::Chooser chooser(blocks.fn());
  Decision decision = begun();
  decision.considered(chooser.choose(ask_of(world)));
  decision.attempt_started(uuid(4, 1), "only_candidate", "", kSteady);
  decision.attempt_ended(200, "", kSteady);
  CHECK(skipped(to_proto(decision))[uuid(4, 1)] == "soft-blocked, used as last resort");
}

TEST_CASE("a decision is bounded and stays a valid message whatever it is told") {
  World world;
  world.add_many(0, 100, {.concurrency = 1});
  Blocks blocks;
  pick::Chooser chooser(blocks.fn());
  Decision decision = begun();
  for (int i = 0; i < 60; ++i)
    decision.considered(chooser.choose(ask_of(world)));
  decision.wait_ended("granted", kSteady);
  decision.first_byte(kSteady);
  decision.attempt_ended(1, "nothing is under way", kSteady);
  for (int i = 0; i < 20; ++i) {
    decision.wait_started("account", kSteady + milliseconds(i));
    decision.attempt_started(uuid(4, i), "random", "", kSteady - milliseconds(1));
    decision.attempt_ended(500, std::string(63, 'x') + "\xC3\xA4 and \xFF more", kSteady);
  }
  decision.finish(503, "\xFFodd", kSteady + milliseconds(20));
  const usage::v1::DecisionRecord record = to_proto(decision);
  CHECK(record.candidates_size() == 32);
  CHECK(record.others() == 68);
  CHECK(record.attempts_size() == 8);
  CHECK(record.attempts(7).account_id() == uuid(4, 19));
  CHECK(record.attempts(7).failure() == std::string(63, 'x'));
  CHECK(record.attempts(7).started_us() == 0);
  CHECK(record.waits_size() == 8);
  CHECK(record.waits(0).ended() == "left");
  usage::v1::DecisionRecord parsed;
  CHECK(parsed.ParseFromString(record.SerializeAsString()));
}

TEST_CASE("the ring keeps the newest decisions") {
  pick::DecisionRing ring(4);
  CHECK_FALSE(ring.find(uuid(9, 0)));
  for (int i = 0; i < 10; ++i) {
    Decision decision;
    decision.begin(uuid(9, i), kNow, kSteady);
    decision.finish(static_cast<unsigned>(200 + i), "served", kSteady);
    ring.add(decision);
  }
  CHECK(ring.size() == 4);
  CHECK_FALSE(ring.find(uuid(9, 5)));
  for (int i = 6; i < 10; ++i)
    CHECK(ring.find(uuid(9, i))->status() == static_cast<unsigned>(200 + i));
  Decision repeated;
  repeated.begin(uuid(9, 7), kNow, kSteady);
  repeated.finish(599, "again", kSteady);
  ring.add(repeated);
  CHECK(ring.find(uuid(9, 7))->status() == 599);
}

TEST_CASE("the ring is read while the worker writes") {
  pick::DecisionRing ring(16);
  std::thread writer([&] {
    for (int i = 0; i < 5'000; ++i) {
      Decision decision;
      decision.begin(uuid(9, i % 32), kNow, kSteady);
      decision.model(uuid(9, i % 32));
      ring.add(decision);
    }
  });
  for (int i = 0; i < 5'000; ++i) {
    if (const auto found = ring.find(uuid(9, i % 32))) REQUIRE(to_proto(*found).requested_model() == uuid(9, i % 32));
  }
  writer.join();
  CHECK(ring.size() == 16);
}
