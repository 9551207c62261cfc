// The journal's LevelDB: opening, repair, and reopening after a disk error. Reads and writes are thread-safe among
// themselves; reopen() needs the store to itself. Measured with tests/bench/journal: a write is one write(2), p50 about
// 3 us also with two writers. A LevelDB write with sync=true would hold up every other writer for the whole fsync, so
// the log file is synced from outside, by its own descriptor.
#pragma once

#include <leveldb/db.h>

#include <memory>
#include <string>

#include "common/base/status.h"

namespace sluice::usage {

class JournalStore {
 public:
  // kFailedPrecondition if another process has it; kUnavailable if the disk refuses. Damage is repaired; what cannot be
  // repaired is moved to "<path>.damaged-<n>" and an empty store takes its place.
  [[nodiscard]] static Result<std::unique_ptr<JournalStore>> open(const std::string& path);
  ~JournalStore();

  [[nodiscard]] leveldb::DB& db() { return *db_; }
  // True if something was lost or repaired at open; the log says what.
  [[nodiscard]] bool damaged() const { return damaged_; }

  // After a failed write LevelDB's log may end in half a record; a new log begins only with a new open.
  [[nodiscard]] Result<> reopen();
  // Everything written so far reaches the disk. Does not hold up writers.
  [[nodiscard]] Result<> sync();

 private:
  class DamageLog;
  explicit JournalStore(std::string path);
  leveldb::Status try_open();
  Result<> open_or_repair();
  Result<> set_aside();

  std::string path_;
  std::unique_ptr<DamageLog> damage_log_;
  std::unique_ptr<leveldb::DB> db_;
  bool damaged_ = false;
};

}  // namespace sluice::usage
