// Long random lives of a small fleet: after every step Redis holds exactly what the model says.
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "tests/integration/limit/fleet_driver.h"

namespace sluice::limit {
namespace {

// SLUICE_SEED repeats a run, SLUICE_STEPS makes it longer.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST_CASE("the scripts do what the model says, whatever happens in which order") {
  constexpr std::uint64_t kRuns = 3;
  const std::uint64_t steps = number_from("SLUICE_STEPS", 1500);
  const std::uint64_t first = number_from("SLUICE_SEED", std::random_device{}());
  for (std::uint64_t seed = first; seed < first + kRuns; ++seed) {
    fmt::print("seed {}, {} steps\n", seed, steps);
    std::fflush(stdout);
    INFO("SLUICE_SEED=" << seed);
    FleetDriver fleet(seed);
    for (std::uint64_t step = 0; step < steps; ++step) {
      INFO("step " << step);
      fleet.step();
      if (step % 50 == 49) fleet.sweep();
    }
    std::string counts;
    for (const auto& [what, count] : fleet.counts())
      counts += fmt::format("{} {}, ", what, count);
    fmt::print("  {}\n", counts);
    for (const char* kind : {"granted", "waiting user", "waiting key", "waiting account", "waiting sticky", "woken"}) {
      INFO(kind);
      CHECK(fleet.counts().contains(kind));
    }
  }
}

}  // namespace
}  // namespace sluice::limit
