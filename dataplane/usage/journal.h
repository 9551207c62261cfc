// The node's books on disk: every request has a record here from before its first upstream byte until the control plane
// has acknowledged it. A record survives kill -9 of the node once the call that wrote it has returned; a background
// thread syncs to disk every 50 ms, which bounds what a power failure can lose. Thread-safe; one journal per node, one
// process per journal. docs/billing.md tells the whole way of an event.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::usage {

// The 16 bytes of the event id; sorts by time of arrival.
using EventKey = std::array<char, 16>;

// A finished event, ready to report; the record as it is on disk.
struct FinishedRecord {
  EventKey key;
  std::uint64_t sequence = 0;  // order of final() in this process; 0 for records read by scan()
  std::string record;          // serialized v1::JournalRecord
};

struct JournalOptions {
  std::chrono::milliseconds sync_interval{50};
  // Finished records kept in memory for the uploader; beyond it the uploader reads them from disk.
  std::size_t queue_limit = 4096;
  // intent() is refused from this many records on; events in flight can still be finished.
  std::uint64_t max_records = 5'000'000;
  // Decision records kept on disk; a newer one replaces the oldest.
  std::size_t max_decisions = 50'000;
};

struct JournalStats {
  std::uint64_t records = 0;    // on disk: in flight and not yet acknowledged
  std::uint64_t finished = 0;   // of these, ready to report
  std::uint64_t recovered = 0;  // found unfinished at open and finished as NODE_CRASH
  std::uint64_t write_errors = 0;
  std::chrono::milliseconds oldest{0};  // age of the oldest record
  bool damaged = false;                 // the journal had to be repaired or set aside at open
  std::uint64_t decisions = 0;          // decision records on disk
  std::uint64_t decisions_lost = 0;     // given up since the start: replaced by newer ones, or the disk refused
};

class Journal {
 public:
  // `path` is a folder, made if it is missing. Finishes what an earlier process left in flight. kFailedPrecondition if
  // another process has it open. A damaged journal is repaired, at worst set aside, and never keeps a node from
  // starting. `clock` outlives the journal.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::string& path, const Clock& clock,
                                                             JournalOptions options = {});
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  // Syncs. No other call may be running, the Uploader included.
  ~Journal();

  // The three writes of one event, in this order: intent once, progress any number of times, final once. Each replaces
  // the record as a whole. They never wait for the disk: fit for I/O threads. kInvalidArgument for an event id that is
  // no UUID; kResourceExhausted (intent only) when the journal is full; kUnavailable if the disk refuses.
  [[nodiscard]] Result<> intent(const v1::UsageEvent& event);
  [[nodiscard]] Result<> progress(const v1::UsageEvent& event);
  [[nodiscard]] Result<> final(const v1::UsageEvent& event);

  // Keeps why a request went where it went until the control plane has it. Best effort: a record that the disk refuses,
  // or that is larger than 64 KiB, is counted and dropped. Costs an I/O thread no more than intent().
  void decision(const v1::DecisionRecord& decision);

  // Every finished event that the control plane has not acknowledged, in order of arrival. Reads the whole disk: at
  // the start, before there is an Uploader, when nothing is in flight.
  void for_each_unacknowledged(const std::function<void(const v1::UsageEvent&)>& use) const;

  // False while the last write failed or the journal is full: the node should say it is not ready.
  [[nodiscard]] bool writable() const;
  // Reads the disk for `oldest`: not for I/O threads.
  [[nodiscard]] JournalStats stats() const;
  // Waits until everything written before this call is on disk.
  void sync();

  // ---- for the Uploader -------------------------------------------------------------------------------------------
  // Moves up to `limit` finished records out of the queue; waits up to `wait` for `limit` of them.
  [[nodiscard]] std::vector<FinishedRecord> take_finished(std::size_t limit, std::chrono::milliseconds wait);
  // Makes a waiting take_finished return.
  void wake();
  // True once after records had to be left out of the queue: they are only on disk.
  [[nodiscard]] bool take_overflow();
  // Sequence of the newest finished record.
  [[nodiscard]] std::uint64_t last_sequence() const;
  // Up to `limit` finished records with keys >= `from`, in key order; `from` becomes where to go on. `at_end` tells
  // that the journal ended. Unfinished records are passed over.
  struct Scan {
    std::vector<FinishedRecord> records;
    bool at_end = false;
  };
  [[nodiscard]] Scan scan(EventKey& from, std::size_t limit) const;
  [[nodiscard]] bool contains(const EventKey& key) const;
  // Forgets records, each of them present. They were acknowledged.
  [[nodiscard]] Result<> erase(std::span<const EventKey> keys);

  // Decision records, oldest first; each is given out once until the next start.
  struct Decisions {
    std::vector<EventKey> keys;
    std::vector<v1::DecisionRecord> records;  // one per key
  };
  [[nodiscard]] Decisions take_decisions(std::size_t limit);
  // Forgets decision records that were taken.
  void erase_decisions(std::span<const EventKey> keys);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::usage
