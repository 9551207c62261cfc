// Kills real writers with SIGKILL. The writers are this program itself, run for one of the hidden test cases below.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/usage/events.h"
#include "tests/unit/usage/read_journal.h"

namespace sluice::usage {

namespace {

namespace fs = std::filesystem;
using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::Process;
using sluice::testing::TempDir;
using testing::contents;
using testing::open_or_fail;

constexpr std::uint32_t kPerRound = 1'000'000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Process start(const std::string& hidden_case, const TempDir& dir, std::uint32_t first) {
  return Process({.argv = {fs::read_symlink("/proc/self/exe").string(), hidden_case},
                  .env = {"SLUICE_TEST_DIR=" + dir.path().string(), "SLUICE_TEST_FIRST=" + std::to_string(first)},
                  .log = dir / "child.log"});
}

// One line per call that has returned: 'I', 'P' or 'F' and the event's number.
void promise(int fd, char stage, std::uint32_t n) {
  const std::string line = fmt::format("{}{}\n", stage, n);
  REQUIRE(::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

std::map<std::uint32_t, char> promises(const fs::path& file) {
  std::map<std::uint32_t, char> latest;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line) && line.size() > 1;) {
    latest[static_cast<std::uint32_t>(std::stoul(line.substr(1)))] = line[0];
  }
  return latest;
}

}  // namespace

TEST_CASE("child: writes until it is killed", "[.]") {
  const RealClock clock;
  const fs::path dir = variable("SLUICE_TEST_DIR");
  const auto first = static_cast<std::uint32_t>(std::stoul(variable("SLUICE_TEST_FIRST")));
  auto journal = open_or_fail(dir / "journal", clock);
  const int fd = ::open((dir / "promises").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  REQUIRE(fd >= 0);
  for (std::uint32_t n = first; n < first + kPerRound; ++n) {
    REQUIRE(journal->intent(testing::event(n)).has_value());
    promise(fd, 'I', n);
    if (n % 3 == 0) continue;
    REQUIRE(journal->progress(testing::used(n)).has_value());
    promise(fd, 'P', n);
    if (n % 3 == 1) continue;
    REQUIRE(journal->final(testing::used(n)).has_value());
    promise(fd, 'F', n);
  }
}

TEST_CASE("child: opens the journal and waits", "[.]") {
  const RealClock clock;
  const fs::path dir = variable("SLUICE_TEST_DIR");
  auto journal = Journal::open((dir / "journal").string(), clock);
  std::ofstream(dir / "outcome") << (journal ? "open" : journal.error().message) << std::endl;
  if (journal) std::this_thread::sleep_for(std::chrono::seconds(60));
}

TEST_CASE("kill -9 loses nothing that a call had promised") {
  const TempDir dir;
  std::mt19937 random(5);
  for (std::uint32_t round = 0; round < 6; ++round) {
    Process child = start("child: writes until it is killed", dir, round * kPerRound);
    const auto before = promises(dir / "promises").size();
    REQUIRE(eventually(kGenerous, [&] { return promises(dir / "promises").size() > before; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    child.kill(SIGKILL);
    REQUIRE(child.wait(kGenerous) == 128 + SIGKILL);
  }
  const RealClock clock;
  auto journal = open_or_fail(dir / "journal", clock);
  const auto events = contents(*journal);
  const auto promised = promises(dir / "promises");
  REQUIRE(promised.size() > 100);
  for (const auto& [n, stage] : promised) {
    CAPTURE(n, stage);
    REQUIRE(events.contains(testing::event_id(n)));
    const v1::UsageEvent& event = events.at(testing::event_id(n));
    // The write after the last promise may have reached the disk as well.
    if (stage == 'F') REQUIRE(event.outcome() == v1::OUTCOME_COMPLETE);
    if (stage != 'I') REQUIRE(event.cost_nano_usd() == testing::used(n).cost_nano_usd());
    if (stage == 'I' && n % 3 == 0) REQUIRE(event.usage_state() == v1::USAGE_STATE_ABSENT);
  }
  // At most the one write in flight per round goes beyond the promises.
  CHECK(events.size() <= promised.size() + 6);
}

TEST_CASE("killing the recovery again and again changes nothing in the end") {
  const TempDir dir;
  const RealClock clock;
  constexpr std::uint32_t kEvents = 20'000;
  {
    auto journal = open_or_fail(dir / "journal", clock);
    for (std::uint32_t n = 0; n < kEvents; ++n) {
      REQUIRE((n % 2 == 0 ? journal->intent(testing::event(n)) : journal->progress(testing::used(n))).has_value());
    }
  }
  std::mt19937 random(9);
  for (int round = 0; round < 10; ++round) {
    Process child = start("child: opens the journal and waits", dir, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 120));
    child.kill(SIGKILL);
    REQUIRE(child.wait(kGenerous).has_value());
  }
  auto journal = open_or_fail(dir / "journal", clock);
  const auto events = contents(*journal);
  REQUIRE(events.size() == kEvents);
  for (std::uint32_t n = 0; n < kEvents; ++n) {
    const v1::UsageEvent& event = events.at(testing::event_id(n));
    REQUIRE(event.outcome() == v1::OUTCOME_NODE_CRASH);
    REQUIRE(event.cost_nano_usd() == (n % 2 == 0 ? 0 : testing::used(n).cost_nano_usd()));
  }
}

TEST_CASE("a second process on one journal is refused") {
  const TempDir dir;
  const auto outcome = [&] {
    std::string line;
    std::ifstream file(dir / "outcome");
    std::getline(file, line);
    return line;
  };
  const RealClock clock;
  {
    auto journal = open_or_fail(dir / "journal", clock);
    Process child = start("child: opens the journal and waits", dir, 0);
    REQUIRE(eventually(kGenerous, [&] { return !outcome().empty(); }));
    CHECK(outcome().find("in use by another process") != std::string::npos);
    const auto again = Journal::open((dir / "journal").string(), clock);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == ErrorCode::kFailedPrecondition);
    REQUIRE(journal->intent(testing::event(1)).has_value());
  }
  CHECK(testing::open_or_fail(dir / "journal", clock)->stats().recovered == 1);
}

}  // namespace sluice::usage
