// Writing, and the thread that syncs and heals.
#include "dataplane/usage/journal_impl.h"

#include "common/observe/log.h"

namespace sluice::usage {

Result<> Journal::Impl::write(const EventKey& key, std::string_view record) {
  thread_local leveldb::WriteBatch batch;
  batch.Clear();
  batch.Put(leveldb::Slice(key.data(), key.size()), leveldb::Slice(record.data(), record.size()));
  return write(batch);
}

Result<> Journal::Impl::write(leveldb::WriteBatch& batch) {
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

}  // namespace sluice::usage
