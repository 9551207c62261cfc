// What must hold of every choice, over random configs, blocks and loads.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/pick/world.h"

using namespace sluice;
using namespace sluice::testing;
using pick::Skip;
using pick::Verdict;

namespace {

constexpr int kGroups = 3;

// A random config with everything that makes an account unfit, and random blocks.
struct Chaos {
  std::mt19937 random;
  World world;
  Blocks blocks;
  pick::Chooser chooser{blocks.fn()};
  int accounts = 0;

  explicit Chaos(unsigned seed) : random(seed) {}
  int below(int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); }

  void add_accounts(int count) {
    std::vector<v1::Resource> resources;
    for (int i = 0; i < count; ++i) {
      AccountSpec spec{.priority = below(4), .concurrency = static_cast<std::uint32_t>(below(3))};
      spec.groups = {1 + below(kGroups)};
      if (below(4) == 0) spec.models = {"other"};
      if (below(8) == 0) spec.mapping = {{std::string(kModel), "vendor-name"}};
      if (below(8) == 0) spec.provider = "openai";
      if (below(8) == 0) spec.state = v1::STATE_DISABLED;
      const int number = accounts++;
      resources.push_back(account_of(number, ++world.revision, spec));
      if (below(6) != 0) resources.push_back(credential(number, ++world.revision));
      if (below(3) == 0) {
        blocks.by_account[uuid(4, number)] = {kNow + std::chrono::seconds(1 + below(100)), below(2) == 0};
      }
      if (below(3) == 0) chooser.loads().saw(uuid(4, number), below(3), below(2), kSteady);
    }
    world.apply(resources);
  }
};

// Judged from the config alone, without pools.
bool healthy(const Chaos& chaos, const snapshot::AccountEntry& account, const std::vector<std::string>& tried) {
  return account.active && account.provider == kProvider && pick::serves(account, kModel) &&
         chaos.world.snapshot->credential(account.id) != nullptr && !chaos.blocks.by_account.contains(account.id) &&
         std::ranges::find(tried, account.id) == tried.end();
}

bool softly_blocked(const Chaos& chaos, const std::string& id) {
  const auto found = chaos.blocks.by_account.find(id);
  return found != chaos.blocks.by_account.end() && found->second.soft;
}

void check(const Chaos& chaos, const pick::Selection& selection, int group, const std::vector<std::string>& tried) {
  const auto members = chaos.world.snapshot->accounts_of_group(uuid(2, group));
  std::vector<std::string> ids = ids_of(selection);
  std::int32_t last_priority = INT32_MIN;
  for (const pick::Candidate& candidate : selection.candidates()) {
    const snapshot::AccountEntry& account = *candidate.account;
    REQUIRE(std::ranges::find(members, &account) != members.end());
    REQUIRE(std::ranges::find(tried, account.id) == tried.end());
    REQUIRE(candidate.credential == chaos.world.snapshot->credential(account.id));
    REQUIRE((selection.last_resort ? softly_blocked(chaos, account.id) : healthy(chaos, account, tried)));
    REQUIRE(account.priority >= last_priority);
    last_priority = account.priority;
  }
  std::ranges::sort(ids);
  REQUIRE(std::ranges::unique(ids).empty());

  // These groups are small enough to be looked at as a whole: a healthy account is never missed.
  const auto fit = std::ranges::count_if(members, [&](const auto* one) { return healthy(chaos, *one, tried); });
  if (!selection.last_resort) REQUIRE(ids.size() == std::min<std::size_t>(8, static_cast<std::size_t>(fit)));
  if (selection.last_resort) REQUIRE(fit == 0);
  REQUIRE((selection.verdict == Verdict::kFound) == !ids.empty());
  REQUIRE(selection.considered().size() + selection.others == members.size());
}

}  // namespace

TEST_CASE("group, health, credential and order hold in every choice") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Chaos chaos(seed);
    chaos.add_accounts(1 + chaos.below(60));
    for (int round = 0; round < 30; ++round) {
      if (round % 10 == 9) chaos.add_accounts(1 + chaos.below(3));
      std::vector<std::string> tried;
      for (int i = chaos.below(4); i > 0; --i)
        tried.push_back(uuid(4, chaos.below(chaos.accounts)));
      const std::vector<std::string_view> views(tried.begin(), tried.end());
      const std::string sticky = chaos.below(2) == 0 ? "" : uuid(4, chaos.below(chaos.accounts));
      for (int group = 1; group <= kGroups; ++group) {
        pick::ChooseAsk ask = ask_of(chaos.world, group);
        ask.tried = views;
        ask.sticky = sticky;
        check(chaos, chaos.chooser.choose(ask), group, tried);
      }
    }
  }
}

// A lower tier is offered only where all of the higher ones are, or are known to be full.
TEST_CASE("a lower tier is no candidate while a higher one has accounts left that may be free") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Chaos chaos(seed);
    chaos.add_accounts(40);
    const pick::Selection selection = chaos.chooser.choose(ask_of(chaos.world));
    if (selection.candidates().empty() || selection.last_resort) continue;
    const std::int32_t lowest = selection.candidates().back().account->priority;
    const std::vector<std::string> ids = ids_of(selection);
    for (const snapshot::AccountEntry* one : chaos.world.snapshot->accounts_of_group(uuid(2, 1))) {
      if (one->priority >= lowest || !healthy(chaos, *one, {})) continue;
      const bool full = pick::is_full(chaos.chooser.loads().load(one->id, kSteady), one->concurrency);
      REQUIRE((full || std::ranges::find(ids, one->id) != ids.end()));
    }
  }
}
