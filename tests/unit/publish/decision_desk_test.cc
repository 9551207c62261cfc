#include "controlplane/publish/decision_desk.h"

#include <catch2/catch.hpp>
#include <thread>

namespace sluice::publish {

using namespace std::chrono_literals;

TEST_CASE("the first record that a node has ends the question") {
  DecisionDesk desk;
  const std::uint64_t query = desk.open();
  std::thread nodes([&] {
    desk.answer(query + 100, "x", "of another question");
    desk.answer(query, "a", "");
    desk.answer(query, "b", "record");
    desk.answer(query, "c", "later");
  });
  const auto found = desk.wait(query, 1000, 60s);
  nodes.join();
  REQUIRE(found.has_value());
  CHECK(found->node_id == "b");
  CHECK(found->record == "record");
  CHECK_FALSE(desk.wait(query, 1, 60s).has_value());
}

TEST_CASE("a question ends when every node has none, when nobody was asked, and when time is up") {
  DecisionDesk desk;
  const std::uint64_t none = desk.open();
  desk.answer(none, "a", "");
  desk.answer(none, "b", "");
  CHECK_FALSE(desk.wait(none, 2, 60s).has_value());
  CHECK_FALSE(desk.wait(desk.open(), 0, 60s).has_value());
  const std::uint64_t silent = desk.open();
  CHECK_FALSE(desk.wait(silent, 1, 10ms).has_value());
  desk.answer(silent, "a", "too late");
}

}  // namespace sluice::publish
