#include "dataplane/usage/journal.h"

#include <leveldb/write_batch.h>

#include "common/observe/log.h"
#include "dataplane/usage/journal_impl.h"
#include "dataplane/usage/journal_record.h"
#include "dataplane/usage/journal_recovery.h"

namespace sluice::usage {

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
  for (const EventKey& request : recovery->decisions)
    impl->decisions.add(request);
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
  stats.decisions = impl_->decisions.size();
  stats.decisions_lost = impl_->decisions.lost();
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
  bool past_events = false;
  for (at->Seek({from.data(), from.size()}); at->Valid() && result.records.size() < limit; at->Next()) {
    past_events = is_decision_key({at->key().data(), at->key().size()});
    if (past_events) break;
    if (at->key().size() != from.size()) continue;
    const EventKey key = to_key({at->key().data(), at->key().size()});
    from = after(key);
    if (stage_of({at->value().data(), at->value().size()}) != v1::JournalRecord::STAGE_FINAL) continue;
    result.records.push_back({.key = key, .sequence = 0, .record = at->value().ToString()});
  }
  result.at_end = past_events || (!at->Valid() && at->status().ok());
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
