// The inside of a Journal. Private to the folder.
#pragma once

#include <leveldb/write_batch.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "dataplane/usage/decision_shelf.h"
#include "dataplane/usage/finished_queue.h"
#include "dataplane/usage/journal.h"
#include "dataplane/usage/journal_store.h"

namespace sluice::usage {

struct Journal::Impl {
  Impl(std::unique_ptr<JournalStore> opened, const Clock& the_clock, JournalOptions the_options)
      : store(std::move(opened)),
        clock(the_clock),
        options(the_options),
        queue(the_options.queue_limit),
        decisions(the_options.max_decisions) {}

  Result<> write(const EventKey& key, std::string_view record);
  Result<> write(leveldb::WriteBatch& batch);
  Result<> write_final(FinishedRecord record);
  void keep_unwritten(FinishedRecord record);
  void note_failure(const leveldb::Status& status);
  void run_sync_thread();
  void sync_now();
  void heal();

  std::unique_ptr<JournalStore> store;
  // Shared: use of the store. Exclusive: reopening it after a disk error.
  mutable std::shared_mutex store_mutex;
  const Clock& clock;
  const JournalOptions options;
  FinishedQueue queue;
  DecisionShelf decisions;

  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> finished{0};
  std::uint64_t recovered = 0;
  std::atomic<std::uint64_t> write_errors{0};
  std::atomic<bool> failed{false};
  std::atomic<bool> dirty{false};

  // FINAL records that the disk refused: written as soon as it takes them again.
  std::mutex unwritten_mutex;
  std::vector<FinishedRecord> unwritten;

  std::mutex stop_mutex;
  std::condition_variable stop_signal;
  bool stopping = false;
  std::thread sync_thread;
};

}  // namespace sluice::usage
