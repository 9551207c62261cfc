#include <catch2/catch.hpp>

#include "dataplane/pick/pool_cache.h"
#include "tests/unit/pick/world.h"

using namespace sluice;
using namespace sluice::testing;
using pick::PoolCache;
using pick::Skip;

TEST_CASE("an account serves every model, its own models, or the names it maps") {
  snapshot::AccountEntry account;
  CHECK(pick::serves(account, "any"));
  account.models = {"a"};
  CHECK(pick::serves(account, "a"));
  CHECK(pick::serves(account, ""));
  CHECK_FALSE(pick::serves(account, "b"));
  account.model_mapping["b"] = "vendor-b";
  CHECK(pick::serves(account, "a"));
  CHECK(pick::serves(account, "b"));
  CHECK_FALSE(pick::serves(account, "vendor-b"));
  CHECK(pick::upstream_model(account, "b") == "vendor-b");
  CHECK(pick::upstream_model(account, "a").empty());
  account.models.clear();
  CHECK_FALSE(pick::serves(account, "a"));
}

TEST_CASE("a pool holds the fit accounts of the group in tiers and names the others") {
  World world;
  world.add(1, {.priority = 5});
  world.add(2, {.priority = -1});
  world.add(3, {.priority = 5});
  world.add(4, {.state = v1::STATE_DISABLED});
  world.add(5, {.provider = "openai"});
  world.add(6, {.models = {"other"}});
  world.add(7, {.groups = {2}});
  PoolCache cache;
  const pick::Pool& pool = cache.get(*world.snapshot, uuid(2, 1), kProvider, kModel);
  REQUIRE(pool.tiers() == 2);
  REQUIRE(pool.tier(0).size() == 1);
  CHECK(pool.tier(0)[0]->id == uuid(4, 2));
  REQUIRE(pool.tier(1).size() == 2);
  CHECK(pool.tier(1)[0]->id == uuid(4, 1));
  CHECK(pool.tier(1)[1]->id == uuid(4, 3));
  CHECK(pool.size() == 3);
  CHECK(pool.group_size() == 6);
  std::map<std::string, Skip> skips;
  for (const auto& one : pool.named_unfit())
    skips[one.account->id] = one.skip;
  CHECK(skips == std::map<std::string, Skip>{{uuid(4, 4), Skip::kInactive},
                                             {uuid(4, 5), Skip::kOtherProvider},
                                             {uuid(4, 6), Skip::kModelNotServed}});
  CHECK(cache.get(*world.snapshot, uuid(2, 9), kProvider, kModel).size() == 0);
}

TEST_CASE("a pool is kept over changes that do not touch its group, and built anew by those that do") {
  World world;
  world.add(1, {});
  world.add(2, {.groups = {2}});
  PoolCache cache;
  const auto get = [&](int group = 1) -> const pick::Pool& {
    return cache.get(*world.snapshot, uuid(2, group), kProvider, kModel);
  };
  REQUIRE(get().size() == 1);
  CHECK(cache.built() == 1);

  world.apply({user(1, ++world.revision), price(1, ++world.revision, "model-a", 0, 5)});
  world.apply({credential(1, ++world.revision)});
  world.apply({account_of(2, ++world.revision, {.groups = {2}, .priority = 3})});
  CHECK(get().size() == 1);
  CHECK(cache.built() == 1);

  SECTION("an account is changed") {
    world.apply({account_of(1, ++world.revision, {.priority = 7})});
    REQUIRE(get().tiers() == 1);
    CHECK(get().tier(0)[0]->priority == 7);
    CHECK(get().tier(0)[0] == world.snapshot->account(uuid(4, 1)));
    CHECK(cache.built() == 2);
  }
  SECTION("one is added, leaves the group, is deleted") {
    world.add(3, {});
    CHECK(get().size() == 2);
    world.apply({account_of(3, ++world.revision, {.groups = {2}})});
    CHECK(get().size() == 1);
    CHECK(get(2).size() == 2);
    world.apply({raw(v1::KIND_ACCOUNT, uuid(4, 1), ++world.revision, v1::STATE_DELETED)});
    CHECK(get().size() == 0);
  }
  SECTION("an old snapshot in use by a request has its own pool") {
    const SnapshotPtr old = world.snapshot;
    world.apply({account_of(1, ++world.revision, {.priority = 7})});
    CHECK(get().tier(0)[0]->priority == 7);
    CHECK(cache.get(*old, uuid(2, 1), kProvider, kModel).tier(0)[0]->priority == 0);
    CHECK(get().tier(0)[0]->priority == 7);
    CHECK(cache.built() == 2);
  }
}

TEST_CASE("a route keeps a model to its accounts, whatever is changed first, and an empty one to nobody") {
  World world;
  world.add(1, {});
  world.add(2, {.priority = 1});
  world.add(3, {.groups = {2}});
  PoolCache cache;
  const auto ids = [&](std::string_view model) {
    std::vector<std::string> out;
    const pick::Pool& pool = cache.get(*world.snapshot, uuid(2, 1), kProvider, model);
    for (std::size_t i = 0; i < pool.tiers(); ++i) {
      for (const snapshot::AccountEntry* account : pool.tier(i))
        out.push_back(account->id);
    }
    return out;
  };
  const auto put_routes = [&](const std::vector<std::pair<std::string, std::vector<int>>>& routes) {
    v1::Group message;
    message.set_display_name("group");
    message.set_interruption_policy(v1::INTERRUPTION_POLICY_CANCEL);
    for (const auto& [model, accounts] : routes) {
      v1::ModelRoute& route = *message.add_model_routes();
      route.set_model(model);
      for (const int account : accounts)
        route.add_account_ids(uuid(4, account));
    }
    world.apply({raw(v1::KIND_GROUP, uuid(2, 1), ++world.revision, v1::STATE_ACTIVE, message.SerializeAsString())});
  };
  CHECK(ids("big-1") == std::vector{uuid(4, 1), uuid(4, 2)});

  put_routes({{"big-*", {3, 2}}, {"big-1", {1}}, {"none", {}}});
  CHECK(ids("big-1") == std::vector{uuid(4, 2)});  // 3 is not of the group
  CHECK(ids("small") == std::vector{uuid(4, 1), uuid(4, 2)});
  CHECK(ids("none").empty());
  CHECK(cache.get(*world.snapshot, uuid(2, 1), kProvider, "none").named_unfit()[0].skip == Skip::kNotRouted);

  world.apply({account_of(3, ++world.revision, {})});  // joins the group
  CHECK(ids("big-1") == std::vector{uuid(4, 3), uuid(4, 2)});
  put_routes({});
  CHECK(ids("big-1") == std::vector{uuid(4, 1), uuid(4, 3), uuid(4, 2)});
}

// Every pool ever given out points to the entries of the very snapshot it was asked with.
TEST_CASE("pools are right after any history of deltas") {
  std::mt19937 random(7);
  World world;
  PoolCache cache(4, 100);
  std::vector<SnapshotPtr> held;
  for (int step = 0; step < 400; ++step) {
    const int number = static_cast<int>(random() % 12);
    const int group = 1 + static_cast<int>(random() % 3);
    if (random() % 5 == 0) {
      world.apply({raw(v1::KIND_ACCOUNT, uuid(4, number), ++world.revision, v1::STATE_DELETED)});
    } else {
      world.apply({account_of(number, ++world.revision,
                              {.groups = {group},
                               .priority = static_cast<int>(random() % 3),
                               .state = random() % 4 == 0 ? v1::STATE_DISABLED : v1::STATE_ACTIVE})});
    }
    held.push_back(world.snapshot);
    if (held.size() > 3) held.erase(held.begin());
    const snapshot::Snapshot& asked = *held[random() % held.size()];
    for (int g = 1; g <= 3; ++g) {
      const pick::Pool& pool = cache.get(asked, uuid(2, g), kProvider, kModel);
      std::vector<const snapshot::AccountEntry*> expected;
      for (const snapshot::AccountEntry* one : asked.accounts_of_group(uuid(2, g))) {
        if (one->active) expected.push_back(one);
      }
      std::vector<const snapshot::AccountEntry*> got;
      for (std::size_t t = 0; t < pool.tiers(); ++t)
        got.insert(got.end(), pool.tier(t).begin(), pool.tier(t).end());
      REQUIRE(got == expected);
      REQUIRE(cache.size() <= 4);
    }
  }
}

TEST_CASE("the cache is bounded by pools and by their size") {
  World world;
  world.add_many(1, 20, {});
  PoolCache few(3, 1'000'000);
  for (int i = 0; i < 10; ++i)
    CHECK(few.get(*world.snapshot, uuid(2, 1), kProvider, "model-" + std::to_string(i)).size() == 20);
  CHECK(few.size() == 3);
  CHECK(few.built() == 10);
  CHECK(few.get(*world.snapshot, uuid(2, 1), kProvider, "model-8").size() == 20);
  CHECK(few.built() == 10);
  PoolCache small(100, 100);
  for (int i = 0; i < 10; ++i)
    CHECK(small.get(*world.snapshot, uuid(2, 1), kProvider, "model-" + std::to_string(i)).size() == 20);
  CHECK(small.size() == 2);
}
