#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "dataplane/usage/journal_record.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/usage/events.h"
#include "tests/unit/usage/read_journal.h"

namespace sluice::usage {

using sluice::testing::TempDir;
using testing::contents;
using testing::open_or_fail;

namespace {

v1::DecisionRecord decision(std::uint32_t n) {
  v1::DecisionRecord record;
  record.set_request_id(testing::event_id(n));
  record.set_status(429);
  record.set_outcome("user_concurrency");
  record.add_waits()->set_waited_us(n);
  return record;
}

std::vector<std::string> ids(const Journal::Decisions& decisions) {
  std::vector<std::string> all;
  for (const v1::DecisionRecord& record : decisions.records)
    all.push_back(record.request_id());
  return all;
}

}  // namespace

TEST_CASE("decision records come out once, oldest first, and survive a restart until they are erased") {
  const TempDir dir;
  const RealClock clock;
  {
    auto journal = open_or_fail(dir.path(), clock);
    for (std::uint32_t n = 1; n <= 5; ++n)
      journal->decision(decision(n));
    const Journal::Decisions first = journal->take_decisions(2);
    REQUIRE(ids(first) == std::vector{testing::event_id(1), testing::event_id(2)});
    CHECK(first.records[1].SerializeAsString() == decision(2).SerializeAsString());
    CHECK(ids(journal->take_decisions(10)).size() == 3);
    CHECK(journal->take_decisions(10).keys.empty());
    journal->erase_decisions(first.keys);
    CHECK(journal->stats().decisions == 3);
  }
  auto journal = open_or_fail(dir.path(), clock);
  CHECK(journal->stats().decisions == 3);
  CHECK(ids(journal->take_decisions(10)) ==
        std::vector{testing::event_id(3), testing::event_id(4), testing::event_id(5)});
}

TEST_CASE("events and decision records do not see one another") {
  const TempDir dir;
  const RealClock clock;
  {
    auto journal = open_or_fail(dir.path(), clock);
    for (std::uint32_t n = 1; n <= 3; ++n) {
      journal->decision(decision(n));
      REQUIRE(journal->intent(testing::event(n)).has_value());
    }
    REQUIRE(journal->final(testing::used(2)).has_value());
    CHECK(journal->stats().records == 3);
    CHECK(contents(*journal).size() == 1);
    EventKey from{};
    CHECK(journal->scan(from, 100).at_end);
  }
  auto journal = open_or_fail(dir.path(), clock);
  const JournalStats stats = journal->stats();
  CHECK(stats.records == 3);
  CHECK(stats.recovered == 2);
  CHECK(stats.decisions == 3);
  CHECK(contents(*journal).size() == 3);
  const EventKey second = key_of(testing::event(2)).value();
  REQUIRE(journal->erase(std::vector{second}).has_value());
  CHECK(journal->stats().decisions == 3);
  CHECK(ids(journal->take_decisions(10)).size() == 3);
}

TEST_CASE("only the newest decision records are kept") {
  const TempDir dir;
  const RealClock clock;
  {
    auto journal = open_or_fail(dir.path(), clock, {.max_decisions = 10});
    for (std::uint32_t n = 1; n <= 25; ++n)
      journal->decision(decision(n));
    CHECK(journal->stats().decisions == 10);
    CHECK(journal->stats().decisions_lost == 15);
    const auto out = journal->take_decisions(4);
    CHECK(ids(out).front() == testing::event_id(16));
    // Those that are out count, too.
    for (std::uint32_t n = 26; n <= 45; ++n)
      journal->decision(decision(n));
    CHECK(journal->stats().decisions == 10);
  }
  auto journal = open_or_fail(dir.path(), clock, {.max_decisions = 10});
  CHECK(journal->stats().decisions == 10);
  CHECK(ids(journal->take_decisions(100)) ==
        std::vector{testing::event_id(16), testing::event_id(17), testing::event_id(18), testing::event_id(19),
                    testing::event_id(40), testing::event_id(41), testing::event_id(42), testing::event_id(43),
                    testing::event_id(44), testing::event_id(45)});
}

TEST_CASE("a decision record without an id or of absurd size is dropped and counted") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  v1::DecisionRecord nameless = decision(1);
  nameless.set_request_id("x");
  journal->decision(nameless);
  v1::DecisionRecord huge = decision(2);
  huge.set_outcome(std::string(70'000, 'x'));
  journal->decision(huge);
  CHECK(journal->stats().decisions == 0);
  CHECK(journal->stats().decisions_lost == 2);
}

TEST_CASE("decision records may be written and taken from several threads") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  std::vector<std::thread> writers;
  for (std::uint32_t t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      for (std::uint32_t n = 0; n < 500; ++n)
        journal->decision(decision(t * 1000 + n));
    });
  }
  std::set<std::string> seen;
  while (seen.size() < 1500) {
    const Journal::Decisions some = journal->take_decisions(50);
    for (const std::string& id : ids(some))
      seen.insert(id);
    journal->erase_decisions(some.keys);
  }
  for (std::thread& writer : writers)
    writer.join();
  CHECK(journal->stats().decisions == 0);
  CHECK(journal->stats().decisions_lost == 0);
}

TEST_CASE("what was finished and not acknowledged is told at a start, crashed requests included") {
  const TempDir dir;
  const RealClock clock;
  {
    auto journal = open_or_fail(dir.path(), clock);
    for (std::uint32_t n = 1; n <= 4; ++n)
      REQUIRE(journal->intent(testing::event(n)).has_value());
    REQUIRE(journal->final(testing::used(1)).has_value());
    REQUIRE(journal->final(testing::used(2)).has_value());
    REQUIRE(journal->progress(testing::used(3)).has_value());
    REQUIRE(journal->erase(std::vector{key_of(testing::event(1)).value()}).has_value());
    journal->decision(decision(9));
  }
  auto journal = open_or_fail(dir.path(), clock);
  std::vector<std::pair<std::string, std::int64_t>> told;
  journal->for_each_unacknowledged(
      [&](const v1::UsageEvent& event) { told.emplace_back(event.event_id(), event.cost_nano_usd()); });
  const std::vector<std::pair<std::string, std::int64_t>> expected{
      {testing::event_id(2), testing::used(2).cost_nano_usd()},
      {testing::event_id(3), testing::used(3).cost_nano_usd()},
      {testing::event_id(4), 0}};
  CHECK(told == expected);
}

}  // namespace sluice::usage
