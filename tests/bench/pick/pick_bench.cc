// What one choice of candidates costs a worker, by the number of accounts in the group: all healthy, and with every
// third one blocked and every fifth one known to be full. Below it, the first choice after a change of the group,
// which builds the pool.
//   bench_pick [choices]
#include <fmt/format.h>

#include <cstdlib>

#include "dataplane/pick/candidates.h"
#include "dataplane/pick/decision.h"
#include "tests/unit/pick/world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using Nanos = std::chrono::duration<double, std::nano>;

template <class Work>
double nanos_each(int count, Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    work();
  return Nanos(std::chrono::steady_clock::now() - begin).count() / count;
}

void bench(int accounts, int choices) {
  World world;
  world.add_many(0, accounts, {.concurrency = 5});
  bool sick = false;
  // As cheap as a look into a hash table.
  std::unordered_map<std::string_view, int> numbers;
  for (const snapshot::AccountEntry* one : world.snapshot->accounts_of_group(uuid(2, 1)))
    numbers.emplace(one->id, static_cast<int>(numbers.size()));
  pick::Chooser chooser([&](const snapshot::AccountEntry& account, const snapshot::CredentialEntry&, std::string_view,
                            SystemTime) -> std::optional<pick::Blocked> {
    if (!sick || numbers.find(account.id)->second % 3 != 0) return std::nullopt;
    return pick::Blocked{.until = kNow + std::chrono::seconds(9)};
  });
  const pick::ChooseAsk ask = ask_of(world);
  const std::string request = uuid(9, 1);
  const auto choose = [&] {
    if (chooser.choose(ask).candidates().empty()) std::abort();
  };
  const double first = nanos_each(1, choose);
  const double healthy = nanos_each(choices, choose);
  sick = true;
  for (const auto& [id, number] : numbers)
    if (number % 5 == 0) chooser.loads().saw(id, 5, 0, kSteady);
  const double mixed = nanos_each(choices, choose);
  pick::Decision decision;
  const double noted = nanos_each(choices, [&] {
    decision = {};
    decision.begin(request, kNow, kSteady);
    decision.considered(chooser.choose(ask));
  });
  fmt::print("{:>7} accounts  healthy {:>6.0f} ns  mixed {:>6.0f} ns  mixed and noted {:>6.0f} ns  first {:>8.0f} ns\n",
             accounts, healthy, mixed, noted, first);
}

}  // namespace

int main(int argc, char** argv) {
  const int choices = argc > 1 ? std::atoi(argv[1]) : 500'000;
  for (const int accounts : {10, 100, 1'000, 10'000})
    bench(accounts, choices);
  return 0;
}
