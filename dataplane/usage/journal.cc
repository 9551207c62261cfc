#include "dataplane/usage/journal.h"

#include <leveldb/write_batch.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "common/observe/log.h"
#include "dataplane/usage/finished_queue.h"
#include "dataplane/usage/journal_record.h"
#include "dataplane/usage/journal_recovery.h"
#include "dataplane/usage/journal_store.h"

namespace sluice::usage {

struct Journal::Impl {
  Impl(std::unique_ptr<JournalStore> opened, const Clock& the_clock, JournalOptions the_options)
      : store(std::move(opened)), clock(the_clock), options(the_options), queue(the_options.queue_limit) {}

  Result<> write(const EventKey& key, std::string_view record);
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

Result<> Journal::Impl::write(const EventKey& key, std::string_view record) {
  thread_local leveldb::WriteBatch batch;
  batch.Clear();
  batch.Put(leveldb::Slice(key.data(), key.size()), leveldb::Slice(record.data(), record.size()));
  const std::shared_lock lock(store_mutex);
  if (failed.load(std::memory_order_relaxed)) return fail(ErrorCode::kUnavailable, "journal: the disk refuses writes");
  const leveldb::Status status = store->db().Write({}, &batch);
  if (!status.ok()) {
    note_failure(status);
    return fail(ErrorCode::kUnavailable, "journal: " + status.ToString());
  }
  dirty.store(true, std::memory_order_relaxed);
  return {};
}

void Journal::Impl::note_failure(const leveldb::Status& status) {
  write_errors.fetch_add(1, std::memory_order_relaxed);
  if (!failed.exchange(true)) observe::log(observe::Level::kError, "journal_failed", {{"cause", status.ToString()}});
}

Result<> Journal::Impl::write_final(FinishedRecord record) {
  if (Result<> written = write(record.key, record.record); !written) {
    keep_unwritten(std::move(record));
    return written;
  }
  finished.fetch_add(1, std::memory_order_relaxed);
  queue.push(std::move(record));
  return {};
}

void Journal::Impl::keep_unwritten(FinishedRecord record) {
  const std::lock_guard lock(unwritten_mutex);
  unwritten.push_back(std::move(record));
}

void Journal::Impl::sync_now() {
  if (!dirty.exchange(false)) return;
  const std::shared_lock lock(store_mutex);
  if (failed) return;
  if (Result<> synced = store->sync(); !synced) {
    write_errors.fetch_add(1, std::memory_order_relaxed);
    observe::log(observe::Level::kError, "journal_sync_failed", {{"cause", synced.error().message}});
  }
}

// A log that a failed write left half-written must not be appended to: reopen, prove that a write works, catch up.
void Journal::Impl::heal() {
  {
    const std::unique_lock lock(store_mutex);
    if (Result<> opened = store->reopen(); !opened) return;
    leveldb::WriteOptions durable;
    durable.sync = true;
    leveldb::WriteBatch nothing;
    if (!store->db().Write(durable, &nothing).ok()) return;
    failed = false;
  }
  observe::log(observe::Level::kWarn, "journal_healed", {});
  std::vector<FinishedRecord> late;
  {
    const std::lock_guard lock(unwritten_mutex);
    late.swap(unwritten);
  }
  for (FinishedRecord& record : late)
    static_cast<void>(write_final(std::move(record)));
}

void Journal::Impl::run_sync_thread() {
  constexpr std::chrono::seconds kHealInterval{1};
  std::unique_lock lock(stop_mutex);
  SteadyTime next_heal{};
  while (!stop_signal.wait_for(lock, options.sync_interval, [this] { return stopping; })) {
    lock.unlock();
    sync_now();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (failed && now >= next_heal) {
      next_heal = now + kHealInterval;
      heal();
    }
    lock.lock();
  }
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->sync_thread = std::thread([raw = impl_.get()] { raw->run_sync_thread(); });
}

Journal::~Journal() {
  {
    const std::lock_guard lock(impl_->stop_mutex);
    impl_->stopping = true;
  }
  impl_->stop_signal.notify_all();
  impl_->sync_thread.join();
  sync();
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, const Clock& clock, JournalOptions options) {
  Result<std::unique_ptr<JournalStore>> store = JournalStore::open(path);
  if (!store) return std::unexpected(store.error());
  const Result<Recovery> recovery = recover((*store)->db(), clock.now());
  if (!recovery) return std::unexpected(recovery.error());
  auto impl = std::make_unique<Impl>(std::move(*store), clock, options);
  impl->records = recovery->records;
  impl->finished = recovery->finished;
  impl->recovered = recovery->recovered;
  observe::log(observe::Level::kInfo, "journal_open",
               {{"path", path}, {"waiting", recovery->finished}, {"recovered", recovery->recovered}});
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

Result<> Journal::intent(const v1::UsageEvent& event) {
  const Result<EventKey> key = key_of(event);
  if (!key) return std::unexpected(key.error());
  if (impl_->records.load(std::memory_order_relaxed) >= impl_->options.max_records) {
    return fail(ErrorCode::kResourceExhausted, "journal: full, the control plane has not taken its records for long");
  }
  thread_local std::string buffer;
  encode_record(v1::JournalRecord::STAGE_INTENT, event, buffer);
  if (Result<> written = impl_->write(*key, buffer); !written) return written;
  impl_->records.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Result<> Journal::progress(const v1::UsageEvent& event) {
  const Result<EventKey> key = key_of(event);
  if (!key) return std::unexpected(key.error());
  thread_local std::string buffer;
  encode_record(v1::JournalRecord::STAGE_PROGRESS, event, buffer);
  return impl_->write(*key, buffer);
}

Result<> Journal::final(const v1::UsageEvent& event) {
  const Result<EventKey> key = key_of(event);
  if (!key) return std::unexpected(key.error());
  FinishedRecord record{.key = *key, .sequence = 0, .record = {}};
  encode_record(v1::JournalRecord::STAGE_FINAL, event, record.record);
  return impl_->write_final(std::move(record));
}

bool Journal::writable() const {
  return !impl_->failed.load(std::memory_order_relaxed) &&
         impl_->records.load(std::memory_order_relaxed) < impl_->options.max_records;
}

JournalStats Journal::stats() const {
  JournalStats stats;
  stats.records = impl_->records;
  stats.finished = impl_->finished;
  stats.recovered = impl_->recovered;
  stats.write_errors = impl_->write_errors;
  const std::shared_lock lock(impl_->store_mutex);
  stats.damaged = impl_->store->damaged();
  if (impl_->failed) return stats;
  const std::unique_ptr<leveldb::Iterator> first(impl_->store->db().NewIterator({}));
  first->SeekToFirst();
  if (!first->Valid() || first->key().size() != EventKey{}.size()) return stats;
  const auto age = impl_->clock.now() - time_of(to_key({first->key().data(), first->key().size()}));
  stats.oldest = std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(age));
  return stats;
}

void Journal::sync() {
  impl_->sync_now();
}

std::vector<FinishedRecord> Journal::take_finished(std::size_t limit, std::chrono::milliseconds wait) {
  return impl_->queue.take(limit, wait);
}

void Journal::wake() {
  impl_->queue.wake();
}

bool Journal::take_overflow() {
  return impl_->queue.take_overflow();
}

std::uint64_t Journal::last_sequence() const {
  return impl_->queue.last_sequence();
}

Journal::Scan Journal::scan(EventKey& from, std::size_t limit) const {
  Scan result;
  const std::shared_lock lock(impl_->store_mutex);
  if (impl_->failed) return result;
  const std::unique_ptr<leveldb::Iterator> at(impl_->store->db().NewIterator({}));
  for (at->Seek({from.data(), from.size()}); at->Valid() && result.records.size() < limit; at->Next()) {
    if (at->key().size() != from.size()) continue;
    const EventKey key = to_key({at->key().data(), at->key().size()});
    from = after(key);
    if (stage_of({at->value().data(), at->value().size()}) != v1::JournalRecord::STAGE_FINAL) continue;
    result.records.push_back({.key = key, .sequence = 0, .record = at->value().ToString()});
  }
  result.at_end = !at->Valid() && at->status().ok();
  return result;
}

bool Journal::contains(const EventKey& key) const {
  const std::shared_lock lock(impl_->store_mutex);
  if (impl_->failed) return true;
  std::string ignored;
  return !impl_->store->db().Get({}, {key.data(), key.size()}, &ignored).IsNotFound();
}

Result<> Journal::erase(std::span<const EventKey> keys) {
  leveldb::WriteBatch batch;
  for (const EventKey& key : keys)
    batch.Delete({key.data(), key.size()});
  const std::shared_lock lock(impl_->store_mutex);
  if (impl_->failed) return fail(ErrorCode::kUnavailable, "journal: the disk refuses writes");
  if (const leveldb::Status status = impl_->store->db().Write({}, &batch); !status.ok()) {
    impl_->note_failure(status);
    return fail(ErrorCode::kUnavailable, "journal: " + status.ToString());
  }
  impl_->records.fetch_sub(keys.size(), std::memory_order_relaxed);
  impl_->finished.fetch_sub(keys.size(), std::memory_order_relaxed);
  return {};
}

}  // namespace sluice::usage
