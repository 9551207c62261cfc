#include "dataplane/pick/load_memory.h"

#include <catch2/catch.hpp>

using namespace sluice;
using pick::is_full;
using pick::LoadMemory;
using std::chrono::milliseconds;

namespace {
constexpr SteadyTime kThen{std::chrono::hours(1)};
}

TEST_CASE("an account is full with all slots taken or anyone waiting, never without a limit") {
  CHECK_FALSE(is_full({}, 1));
  CHECK_FALSE(is_full({.running = 1, .waiting = 0}, 2));
  CHECK(is_full({.running = 2, .waiting = 0}, 2));
  CHECK(is_full({.running = 1, .waiting = 1}, 2));
  CHECK_FALSE(is_full({.running = 9, .waiting = 9}, 0));
}

TEST_CASE("a load is known for a moment and follows own grants and releases") {
  LoadMemory memory;
  CHECK(memory.load("a", kThen).running == -1);
  memory.saw("a", 3, 1, kThen);
  memory.saw("a", -1, -1, kThen + milliseconds(100));  // not looked at
  CHECK(memory.load("a", kThen + LoadMemory::kFresh).running == 3);
  CHECK(memory.load("a", kThen + LoadMemory::kFresh).waiting == 1);
  CHECK(memory.load("a", kThen + LoadMemory::kFresh + milliseconds(1)).running == -1);
  memory.granted("a", kThen);
  CHECK(memory.load("a", kThen).running == 4);
  for (int i = 0; i < 6; ++i)
    memory.released("a", kThen);
  CHECK(memory.load("a", kThen).running == 0);
  memory.granted("b", kThen);
  CHECK(memory.load("b", kThen).running == -1);
}

TEST_CASE("accounts in one place are never taken for each other") {
  LoadMemory memory(1);
  memory.saw("a", 3, 1, kThen);
  CHECK(memory.load("b", kThen).running == -1);
  memory.saw("b", 5, 0, kThen);
  CHECK(memory.load("a", kThen).running == -1);
  CHECK(memory.load("b", kThen).running == 5);
}
