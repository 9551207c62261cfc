// The cost of a choice does not grow with the group, and equals get equal shares.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/pick/world.h"

using namespace sluice;
using namespace sluice::testing;
using pick::Verdict;

TEST_CASE("as many accounts are looked at among 10,000 as among 10") {
  for (const int count : {8, 10, 1'000, 10'000}) {
    World world;
    world.add_many(0, count, {});
    Blocks blocks;
    pick::Chooser chooser(blocks.fn());
    for (int i = 0; i < 20; ++i) {
      const pick::Selection selection = chooser.choose(ask_of(world));
      CHECK(selection.looks == 8);
      CHECK(selection.candidates().size() == 8);
      CHECK(selection.others == static_cast<std::size_t>(count) - 8);
    }
    CHECK(blocks.asked == 8 * 20);
    CHECK(chooser.pools().built() == 1);
  }
}

TEST_CASE("at most 64 accounts are looked at while one of them will do") {
  World world;
  world.add_many(0, 2'000, {.priority = 1, .concurrency = 1});
  world.add_many(2'000, 2'000, {.priority = 2, .concurrency = 1});
  Blocks blocks;
  pick::Chooser chooser(blocks.fn());
  const auto choose = [&] { return chooser.choose(ask_of(world)); };

  SECTION("the first tier is known to be full: the second is reached") {
    for (int i = 0; i < 2'000; ++i)
      chooser.loads().saw(uuid(4, i), 1, 0, kSteady);
    const pick::Selection selection = choose();
    CHECK(selection.looks <= pick::kMaxLooks);
    CHECK(selection.candidates().size() == 8);
    CHECK(selection.candidates().back().account->priority == 2);
  }
  SECTION("the first tier is blocked: the second is reached") {
    for (int i = 0; i < 2'000; ++i)
      blocks.by_account[uuid(4, i)] = {kNow + std::chrono::seconds(9), false};
    const pick::Selection selection = choose();
    CHECK(selection.looks == pick::kMaxLooks);
    CHECK(selection.candidates().size() == 8);
    CHECK(selection.candidates().front().account->priority == 2);
  }
  SECTION("all are softly blocked: those looked at will do") {
    for (int i = 0; i < 4'000; ++i)
      blocks.by_account[uuid(4, i)] = {kNow + std::chrono::seconds(9), true};
    const pick::Selection selection = choose();
    CHECK(selection.looks == pick::kMaxLooks);
    CHECK(selection.last_resort);
    CHECK(selection.candidates().size() == 8);
  }
  SECTION("all but one are blocked: it is found") {
    for (int i = 0; i < 4'000; ++i)
      if (i != 3'210) blocks.by_account[uuid(4, i)] = {kNow + std::chrono::seconds(9), false};
    for (int round = 0; round < 5; ++round)
      CHECK(ids_of(choose()) == std::vector{uuid(4, 3'210)});
  }
  SECTION("all are blocked: each is looked at once") {
    for (int i = 0; i < 4'000; ++i)
      blocks.by_account[uuid(4, i)] = {kNow + std::chrono::seconds(100 + i), false};
    const pick::Selection selection = choose();
    CHECK(selection.verdict == Verdict::kBlocked);
    CHECK(selection.looks == 4'000);
    CHECK(selection.retry_at == kNow + std::chrono::seconds(100));
    CHECK(selection.considered().size() == 32);
    CHECK(selection.others == 4'000 - 32);
  }
}

TEST_CASE("more tiers than looks") {
  World world;
  for (int i = 0; i < 100; ++i)
    world.add(i, {.priority = i});
  Blocks blocks;
  pick::Chooser chooser(blocks.fn());
  for (int i = 0; i < 99; ++i)
    blocks.by_account[uuid(4, i)] = {kNow + std::chrono::seconds(9), false};
  CHECK(ids_of(chooser.choose(ask_of(world))) == std::vector{uuid(4, 99)});
}

// Each account's count is binomial; six standard deviations are not left by chance in the life of this test.
TEST_CASE("equals are candidates equally often") {
  for (const int count : {9, 50, 300}) {
    World world;
    world.add_many(0, count, {});
    Blocks blocks;
    pick::Chooser chooser(blocks.fn());
    constexpr int kRounds = 20'000;
    std::map<std::string, int> seen, first;
    for (int i = 0; i < kRounds; ++i) {
      const pick::Selection selection = chooser.choose(ask_of(world));
      ++first[selection.candidates().front().account->id];
      for (const std::string& id : ids_of(selection))
        ++seen[id];
    }
    const auto within = [&](int got, double share) {
      const double expected = kRounds * share;
      return std::abs(got - expected) < 6 * std::sqrt(expected * (1 - share)) + 1;
    };
    for (int i = 0; i < count; ++i) {
      REQUIRE(within(seen[uuid(4, i)], 8.0 / count));
      REQUIRE(within(first[uuid(4, i)], 1.0 / count));
    }
  }
}
