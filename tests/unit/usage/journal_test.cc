#include "dataplane/usage/journal.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "dataplane/usage/journal_record.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/usage/events.h"
#include "tests/unit/usage/read_journal.h"

namespace sluice::usage {

namespace fs = std::filesystem;
using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::TempDir;
using testing::contents;
using testing::open_or_fail;

TEST_CASE("a record on disk is a JournalRecord") {
  std::string bytes;
  for (const auto& event : {testing::event(7), testing::used(300), v1::UsageEvent()}) {
    encode_record(v1::JournalRecord::STAGE_PROGRESS, event, bytes);
    v1::JournalRecord record;
    REQUIRE(record.ParseFromString(bytes));
    CHECK(record.stage() == v1::JournalRecord::STAGE_PROGRESS);
    CHECK(record.event().SerializeAsString() == event.SerializeAsString());
    CHECK(stage_of(bytes) == v1::JournalRecord::STAGE_PROGRESS);
  }
  CHECK(stage_of("") == v1::JournalRecord::STAGE_UNSPECIFIED);
  CHECK(stage_of("garbage") == v1::JournalRecord::STAGE_UNSPECIFIED);
}

TEST_CASE("keys sort by time and have successors") {
  const EventKey key = key_of(testing::event(0xffff)).value();
  CHECK(view(key) < view(after(key)));
  CHECK(view(after(key)) <= view(key_of(testing::event(0x10000)).value()));
  EventKey carry{};
  carry.back() = '\xff';
  CHECK(after(carry)[14] == 1);
  EventKey last;
  last.fill('\xff');
  CHECK(after(last) == last);
}

TEST_CASE("finished events come out of the queue, are scanned, and are gone once erased") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  for (std::uint32_t n = 1; n <= 3; ++n)
    REQUIRE(journal->intent(testing::event(n)).has_value());
  CHECK(journal->take_finished(10, std::chrono::milliseconds(0)).empty());
  REQUIRE(journal->progress(testing::used(2)).has_value());
  REQUIRE(journal->final(testing::used(2)).has_value());
  REQUIRE(journal->final(testing::used(1)).has_value());
  CHECK(journal->stats().records == 3);
  CHECK(journal->stats().finished == 2);
  CHECK(journal->stats().oldest.count() > 0);

  const auto taken = journal->take_finished(10, std::chrono::milliseconds(0));
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].key == key_of(testing::event(2)).value());
  CHECK(taken[1].sequence == journal->last_sequence());
  EventKey from{};
  const Journal::Scan scan = journal->scan(from, 10);
  REQUIRE(scan.records.size() == 2);
  CHECK(scan.at_end);
  CHECK(scan.records[0].key == key_of(testing::event(1)).value());

  REQUIRE(journal->erase(std::vector{taken[0].key, taken[1].key}).has_value());
  CHECK_FALSE(journal->contains(taken[0].key));
  CHECK(journal->stats().records == 1);
  CHECK(journal->stats().finished == 0);
}

TEST_CASE("a scan goes on where it stopped") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  for (std::uint32_t n = 0; n < 10; ++n) {
    REQUIRE(journal->intent(testing::event(n)).has_value());
    if (n % 2 == 0) REQUIRE(journal->final(testing::used(n)).has_value());
  }
  EventKey from{};
  CHECK(journal->scan(from, 2).records.size() == 2);
  const Journal::Scan rest = journal->scan(from, 100);
  CHECK(rest.records.size() == 3);
  CHECK(rest.at_end);
}

TEST_CASE("the queue is bounded and tells of what it left out") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock, {.queue_limit = 2});
  for (std::uint32_t n = 0; n < 3; ++n)
    REQUIRE(journal->final(testing::used(n)).has_value());
  CHECK(journal->take_overflow());
  CHECK_FALSE(journal->take_overflow());
  CHECK(journal->take_finished(10, std::chrono::milliseconds(0)).size() == 2);
}

TEST_CASE("a full journal refuses new requests and lets running ones finish") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock, {.max_records = 1});
  REQUIRE(journal->intent(testing::event(1)).has_value());
  CHECK_FALSE(journal->writable());
  const auto refused = journal->intent(testing::event(2));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK(journal->final(testing::used(1)).has_value());
  REQUIRE(journal->erase(std::vector{key_of(testing::event(1)).value()}).has_value());
  CHECK(journal->writable());
}

TEST_CASE("an event without a proper id is refused") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  v1::UsageEvent event = testing::event(1);
  event.set_event_id("not-a-uuid");
  const auto refused = journal->intent(event);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("recovery bills what the last PROGRESS had seen") {
  const TempDir dir;
  const RealClock clock;
  {
    auto journal = open_or_fail(dir.path(), clock);
    REQUIRE(journal->intent(testing::event(1)).has_value());  // nothing seen
    REQUIRE(journal->intent(testing::event(2)).has_value());
    REQUIRE(journal->progress(testing::used(20)).has_value());  // event 20: seen
    REQUIRE(journal->final(testing::used(3)).has_value());
  }
  auto journal = open_or_fail(dir.path(), clock);
  CHECK(journal->stats().recovered == 3);
  CHECK(journal->stats().finished == 4);
  const auto events = contents(*journal);
  const v1::UsageEvent& nothing = events.at(testing::event_id(1));
  CHECK(nothing.outcome() == v1::OUTCOME_NODE_CRASH);
  CHECK(nothing.usage_state() == v1::USAGE_STATE_ABSENT);
  CHECK(nothing.cost_nano_usd() == 0);
  CHECK(nothing.lines_size() == 0);
  const v1::UsageEvent& seen = events.at(testing::event_id(20));
  CHECK(seen.outcome() == v1::OUTCOME_NODE_CRASH);
  CHECK(seen.usage_state() == v1::USAGE_STATE_PARTIAL);
  CHECK(seen.cost_nano_usd() == 390'000);  // 30 in, 20 out
  CHECK(seen.has_ended_at());
  const v1::UsageEvent& done = events.at(testing::event_id(3));
  CHECK(done.outcome() == v1::OUTCOME_COMPLETE);
  CHECK(done.usage_state() == v1::USAGE_STATE_REPORTED);
}

namespace {

// While alive, writes beyond `bytes` of a file fail, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a disk that is full for a while costs no finished event") {
  const TempDir dir;
  const RealClock clock;
  auto journal = open_or_fail(dir.path(), clock);
  std::uint32_t written = 0;
  {
    const FullDisk full(64 * 1024);
    for (; written < 10'000; ++written) {
      REQUIRE(journal->intent(testing::event(written)).has_value());
      if (!journal->final(testing::used(written))) break;
    }
    REQUIRE(written < 10'000);
    CHECK_FALSE(journal->writable());
    const auto refused = journal->intent(testing::event(50'000));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::kUnavailable);
    CHECK(journal->stats().write_errors > 0);
  }
  REQUIRE(eventually(kGenerous, [&] { return journal->writable() && journal->stats().finished == written + 1; }));
  REQUIRE(journal->intent(testing::event(60'000)).has_value());
  journal.reset();
  journal = open_or_fail(dir.path(), clock);
  const auto events = contents(*journal);
  for (std::uint32_t n = 0; n <= written; ++n) {
    REQUIRE(events.contains(testing::event_id(n)));
    REQUIRE(events.at(testing::event_id(n)).outcome() == v1::OUTCOME_COMPLETE);
  }
  CHECK(events.contains(testing::event_id(60'000)));
}

}  // namespace sluice::usage
