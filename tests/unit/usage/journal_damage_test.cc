#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temp_dir.h"
#include "tests/unit/usage/events.h"
#include "tests/unit/usage/read_journal.h"

namespace sluice::usage {

namespace {

namespace fs = std::filesystem;
using sluice::testing::TempDir;
using testing::contents;
using testing::open_or_fail;

fs::path log_of(const fs::path& journal) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(journal)) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  REQUIRE_FALSE(newest.empty());
  return newest;
}

// Where the records end: behind them the log is reserved space, all zeros.
std::uintmax_t data_size(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  return bytes.find_last_not_of('\0') + 1;
}

// A journal with the finished events 1 and 2; event 2's FINAL is the bytes [begin, end) of the log.
struct Sample {
  explicit Sample(const fs::path& path) {
    const RealClock clock;
    auto journal = open_or_fail(path, clock);
    REQUIRE(journal->intent(testing::event(1)).has_value());
    REQUIRE(journal->final(testing::used(1)).has_value());
    REQUIRE(journal->intent(testing::event(2)).has_value());
    REQUIRE(journal->progress(testing::used(2)).has_value());
    begin = data_size(log_of(path));
    REQUIRE(journal->final(testing::used(2)).has_value());
    end = data_size(log_of(path));
  }
  std::uintmax_t begin = 0;
  std::uintmax_t end = 0;
};

void flip_byte(const fs::path& file, std::uintmax_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x55));
}

}  // namespace

TEST_CASE("a last record cut at any byte leaves everything before it") {
  const TempDir dir;
  const Sample sample(dir / "journal");
  REQUIRE(sample.end > sample.begin);
  const RealClock clock;
  // A crash leaves the reserved space behind the record, a power failure may leave a shorter file.
  const bool keeps_space = GENERATE(false, true);
  for (std::uintmax_t size = sample.begin; size <= sample.end; ++size) {
    CAPTURE(size, sample.begin, sample.end, keeps_space);
    const fs::path copy = dir / "copy";
    fs::remove_all(copy);
    fs::copy(dir / "journal", copy);
    const std::uintmax_t whole = fs::file_size(log_of(copy));
    fs::resize_file(log_of(copy), size);
    if (keeps_space) fs::resize_file(log_of(copy), whole);
    auto journal = open_or_fail(copy, clock);
    const auto events = contents(*journal);
    REQUIRE(events.size() == 2);
    REQUIRE(events.at(testing::event_id(1)).outcome() == v1::OUTCOME_COMPLETE);
    const v1::UsageEvent& last = events.at(testing::event_id(2));
    REQUIRE(last.outcome() == (size == sample.end ? v1::OUTCOME_COMPLETE : v1::OUTCOME_NODE_CRASH));
    REQUIRE(last.cost_nano_usd() == testing::used(2).cost_nano_usd());
  }
}

TEST_CASE("a damaged record is noticed and takes nothing before it along") {
  const TempDir dir;
  const Sample sample(dir / "journal");
  flip_byte(log_of(dir / "journal"), (sample.begin + sample.end) / 2);
  const RealClock clock;
  auto journal = open_or_fail(dir / "journal", clock);
  CHECK(journal->stats().damaged);
  const auto events = contents(*journal);
  CHECK(events.at(testing::event_id(1)).outcome() == v1::OUTCOME_COMPLETE);
  CHECK(events.at(testing::event_id(2)).outcome() == v1::OUTCOME_NODE_CRASH);
}

TEST_CASE("a node starts whatever has become of the journal's own files") {
  const TempDir dir;
  const fs::path path = dir / "journal";
  {
    const Sample sample(path);
  }
  const RealClock clock;
  SECTION("CURRENT is gone") {
    fs::remove(path / "CURRENT");
  }
  SECTION("CURRENT is garbage") {
    std::ofstream(path / "CURRENT") << "garbage";
  }
  SECTION("the manifest is garbage") {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().starts_with("MANIFEST")) std::ofstream(entry.path()) << "garbage";
    }
  }
  SECTION("the manifest is gone") {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
    }
  }
  auto journal = open_or_fail(path, clock);
  CHECK(journal->stats().damaged);
  CHECK(contents(*journal).size() == 2);
  REQUIRE(journal->intent(testing::event(9)).has_value());
}

TEST_CASE("a folder that cannot be made is an error to act on") {
  const TempDir dir;
  std::ofstream(dir / "file") << "x";
  const RealClock clock;
  const auto refused = Journal::open((dir / "file" / "journal").string(), clock);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(refused.error().message.find((dir / "file").string()) != std::string::npos);
}

}  // namespace sluice::usage
