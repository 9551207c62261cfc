#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "dataplane/limit/held_purses.h"
#include "dataplane/limit/held_scopes.h"
#include "dataplane/limit/pending_releases.h"

namespace sluice::limit {
namespace {

TEST_CASE("everything held is renewed, in parts of bounded size") {
  HeldScopes held;
  std::deque<std::string> members;
  for (int i = 0; i < 450; ++i) {
    members.push_back("n/0:" + std::to_string(i));
    held.add("user:1", 500, members.back());
    if (i % 2 == 0) held.add("account:" + std::to_string(i % 7), 40, members.back());
  }
  CHECK(held.size() == 450 + 225);
  std::map<std::string, std::size_t> seen;
  std::size_t parts = 0;
  held.for_each_part([&](std::span<const HeldScope> part) {
    ++parts;
    std::size_t in_part = 0;
    for (const HeldScope& scope : part) {
      seen[std::string(scope.scope)] += scope.members.size();
      in_part += scope.members.size();
      CHECK(scope.limit == (scope.scope == "user:1" ? 500U : 40U));
    }
    CHECK(in_part <= kMembersPerCall);
  });
  CHECK(parts == 4);
  CHECK(seen["user:1"] == 450);
  std::size_t all = 0;
  for (const auto& [scope, count] : seen)
    all += count;
  CHECK(all == held.size());
}

TEST_CASE("what is removed is not renewed") {
  HeldScopes held;
  const std::string member = "n/0:1";
  held.add("user:1", 5, member);
  held.add("user:1", 5, member);  // once is enough
  CHECK(held.size() == 1);
  held.remove("user:2", member);
  held.remove("user:1", member);
  held.remove("user:1", member);
  CHECK(held.size() == 0);
  held.for_each_part([](std::span<const HeldScope>) { FAIL("nothing is held"); });
}

TEST_CASE("a purse is told until Redis has heard that nothing is held") {
  HeldPurses purses;
  purses.add("user:1", 500);
  purses.telling("user:1");
  purses.told("user:1");
  CHECK(purses.all().size() == 1);  // still held
  purses.add("user:1", -500);
  purses.told("user:1");  // of before
  CHECK(purses.all().size() == 1);
  purses.telling("user:1");
  purses.add("user:1", 200);
  purses.add("user:1", -200);
  purses.told("user:1");  // changed meanwhile
  CHECK(purses.all().size() == 1);
  purses.telling("user:1");
  purses.told("user:1");
  CHECK(purses.size() == 0);
  CHECK(purses.held_micro("user:1") == 0);
}

TEST_CASE("releases wait for Redis in order, but not without bound") {
  PendingReleases releases;
  for (std::size_t i = 0; i < PendingReleases::kMax; ++i)
    REQUIRE(releases.push({std::to_string(i), {}}));
  CHECK_FALSE(releases.push({"one more", {}}));
  CHECK(releases.size() == PendingReleases::kMax);
  std::vector<std::string> sent;
  releases.flush([&](const PendingRelease& release) {
    if (sent.size() == 3) return false;
    sent.push_back(release.member);
    return true;
  });
  CHECK(sent == std::vector<std::string>{"1", "2", "3"});
  CHECK(releases.size() == PendingReleases::kMax - 3);
}

}  // namespace
}  // namespace sluice::limit
