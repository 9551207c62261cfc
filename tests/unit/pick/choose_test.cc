#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/pick/world.h"

using namespace sluice;
using namespace sluice::testing;
using pick::Skip;
using pick::Verdict;
using std::chrono::seconds;

namespace {

struct Setup {
  World world;
  Blocks blocks;
  pick::Chooser chooser{blocks.fn()};

  pick::Selection choose() { return chooser.choose(ask_of(world)); }
  void block(int number, SystemTime until, bool soft) { blocks.by_account[uuid(4, number)] = {until, soft}; }
};

}  // namespace

TEST_CASE("candidates come by priority, with their credential") {
  Setup t;
  t.world.add(1, {.priority = 2});
  t.world.add(2, {.priority = 1});
  t.world.add(3, {.priority = 3});
  const pick::Selection selection = t.choose();
  CHECK(selection.verdict == Verdict::kFound);
  CHECK(ids_of(selection) == std::vector{uuid(4, 2), uuid(4, 1), uuid(4, 3)});
  CHECK(selection.candidates()[0].credential == t.world.snapshot->credential(uuid(4, 2)));
  CHECK(selection.others == 0);
  CHECK(selection.considered().size() == 3);
}

TEST_CASE("nobody serves the model") {
  Setup t;
  CHECK(t.choose().verdict == Verdict::kNotServed);
  t.world.add(1, {.models = {"other"}});
  t.world.add(2, {.groups = {2}});
  const pick::Selection selection = t.choose();
  CHECK(selection.verdict == Verdict::kNotServed);
  CHECK(selection.candidates().empty());
  CHECK(skip_of(selection, uuid(4, 1)) == Skip::kModelNotServed);
  CHECK_FALSE(selection.retry_at);
}

TEST_CASE("accounts without a live credential or an active proxy are unusable") {
  Setup t;
  t.world.apply({account_of(1, ++t.world.revision, {})});
  t.world.apply({account_of(2, ++t.world.revision, {}), credential_until(2, ++t.world.revision, kNow)});
  t.world.apply({account_of(3, ++t.world.revision, {}), credential(3, ++t.world.revision, v1::STATE_DISABLED)});
  t.world.add(4, {.proxies = {1, 2}});
  t.world.apply({proxy_of(1, ++t.world.revision, v1::STATE_DISABLED)});
  pick::Selection selection = t.choose();
  CHECK(selection.verdict == Verdict::kUnusable);
  CHECK(skip_of(selection, uuid(4, 1)) == Skip::kNoCredential);
  CHECK(skip_of(selection, uuid(4, 2)) == Skip::kCredentialExpired);
  CHECK(skip_of(selection, uuid(4, 3)) == Skip::kNoCredential);
  CHECK(skip_of(selection, uuid(4, 4)) == Skip::kNoEgress);

  t.world.apply(
      {credential_until(2, ++t.world.revision, kNow + seconds(1)), proxy_of(2, ++t.world.revision, v1::STATE_ACTIVE)});
  selection = t.choose();
  auto ids = ids_of(selection);
  std::ranges::sort(ids);
  CHECK(ids == std::vector{uuid(4, 2), uuid(4, 4)});
}

TEST_CASE("all blocked: the first that comes back is known") {
  Setup t;
  t.world.add_many(1, 3, {});
  t.block(1, kNow + seconds(30), false);
  t.block(2, kNow + seconds(10), false);
  t.block(3, kNow + seconds(20), false);
  const pick::Selection selection = t.choose();
  CHECK(selection.verdict == Verdict::kBlocked);
  CHECK(selection.candidates().empty());
  CHECK(selection.retry_at == kNow + seconds(10));
}

TEST_CASE("tried accounts are not chosen again") {
  Setup t;
  t.world.add_many(1, 2, {});
  const std::string first = uuid(4, 1);
  const std::string second = uuid(4, 2);
  std::vector<std::string_view> tried{first};
  pick::ChooseAsk ask = ask_of(t.world);
  ask.tried = tried;
  CHECK(ids_of(t.chooser.choose(ask)) == std::vector{second});
  tried.push_back(second);
  ask.tried = tried;
  const pick::Selection selection = t.chooser.choose(ask);
  CHECK(selection.verdict == Verdict::kTried);
  CHECK(skip_of(selection, first) == Skip::kTried);
}

TEST_CASE("soft-blocked accounts are the last resort, hard-blocked ones never taken") {
  Setup t;
  t.world.add(1, {.priority = 1});
  t.world.add(2, {.priority = 2});
  t.world.add(3, {.priority = 3});
  t.block(1, kNow + seconds(30), true);
  t.block(2, kNow + seconds(30), false);
  pick::Selection selection = t.choose();
  CHECK(ids_of(selection) == std::vector{uuid(4, 3)});
  CHECK_FALSE(selection.last_resort);
  t.block(3, kNow + seconds(30), false);
  selection = t.choose();
  CHECK(selection.verdict == Verdict::kFound);
  CHECK(selection.last_resort);
  CHECK(ids_of(selection) == std::vector{uuid(4, 1)});
}

TEST_CASE("accounts known to be full come last in their tier and make room for lower tiers") {
  Setup t;
  t.world.add_many(1, 10, {.priority = 1, .concurrency = 2});
  t.world.add(11, {.priority = 2, .concurrency = 2});
  CHECK(t.choose().candidates().back().account->priority == 1);
  for (int i = 1; i <= 10; ++i)
    if (i != 4) t.chooser.loads().saw(uuid(4, i), 2, 0, kSteady);
  pick::Selection selection = t.choose();
  REQUIRE(selection.candidates().size() == 8);
  CHECK(selection.candidates().front().account->id == uuid(4, 4));
  CHECK(selection.candidates().back().account->id == uuid(4, 11));

  SECTION("for a moment only") {
    pick::ChooseAsk ask = ask_of(t.world);
    ask.steady += pick::LoadMemory::kFresh + std::chrono::milliseconds(1);
    CHECK(t.chooser.choose(ask).candidates().back().account->priority == 1);
  }
  SECTION("a released slot counts") {
    t.chooser.loads().released(uuid(4, 9), kSteady);
    selection = t.choose();
    CHECK(skip_of(selection, uuid(4, 9)) == Skip::kNone);
  }
}

TEST_CASE("all full: they are candidates all the same, to be waited for") {
  Setup t;
  t.world.add_many(1, 3, {.concurrency = 1});
  for (int i = 1; i <= 3; ++i)
    t.chooser.loads().saw(uuid(4, i), 1, 4, kSteady);
  const pick::Selection selection = t.choose();
  CHECK(selection.verdict == Verdict::kFound);
  CHECK(selection.candidates().size() == 3);
  CHECK(skip_of(selection, uuid(4, 2)) == Skip::kFull);
}

TEST_CASE("the conversation's account is among the candidates wherever it stands") {
  Setup t;
  t.world.add_many(1, 200, {.priority = 1});
  t.world.add_many(201, 50, {.priority = 2, .concurrency = 1});
  const std::string own = uuid(4, 240);
  pick::ChooseAsk ask = ask_of(t.world);
  ask.sticky = own;
  const auto chosen = [&] { return t.chooser.choose(ask); };
  pick::Selection selection = chosen();
  REQUIRE(selection.candidates().size() == 8);
  REQUIRE(selection.sticky == 7);  // its priority is the lowest of them
  CHECK(selection.candidates()[7].account->id == own);

  t.chooser.loads().saw(own, 1, 0, kSteady);
  CHECK(chosen().sticky == 7);  // it may be waited for
}

TEST_CASE("the conversation's account is left out where it will not do") {
  Setup t;
  t.world.add_many(1, 20, {});
  const std::string own = uuid(4, 20);
  const std::string_view tried[] = {own};
  pick::ChooseAsk ask = ask_of(t.world);
  ask.sticky = own;
  SECTION("blocked") {
    t.block(20, kNow + seconds(1), false);
  }
  SECTION("softly blocked") {
    t.block(20, kNow + seconds(1), true);
  }
  SECTION("tried") {
    ask.tried = tried;
  }
  SECTION("unknown") {
    t.world.apply({raw(v1::KIND_ACCOUNT, own, ++t.world.revision, v1::STATE_DELETED)});
  }
  SECTION("of another group") {
    t.world.apply({account_of(20, ++t.world.revision, {.groups = {2}})});
  }
  SECTION("not serving the model") {
    t.world.apply({account_of(20, ++t.world.revision, {.models = {"x"}})});
  }
  const pick::ChooseAsk now{.snapshot = *t.world.snapshot,
                            .group_id = ask.group_id,
                            .provider = ask.provider,
                            .model = ask.model,
                            .sticky = ask.sticky,
                            .tried = ask.tried,
                            .now = kNow,
                            .steady = kSteady};
  const pick::Selection selection = t.chooser.choose(now);
  CHECK_FALSE(selection.sticky);
  CHECK(std::ranges::count(ids_of(selection), own) == 0);
  CHECK(selection.candidates().size() == 8);
}
