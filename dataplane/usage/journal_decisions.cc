// Decision records in the journal, and what is unacknowledged at a start.
#include <span>

#include "common/base/uuid.h"
#include "common/observe/log.h"
#include "dataplane/usage/journal_impl.h"
#include "dataplane/usage/journal_record.h"

namespace sluice::usage {

namespace {

constexpr std::size_t kLargestDecision = 64 * 1024;
constexpr std::size_t kScanned = 1000;

}  // namespace

void Journal::decision(const v1::DecisionRecord& decision) {
  const Result<Uuid> id = Uuid::parse(decision.request_id());
  thread_local std::string buffer;
  if (!id || decision.ByteSizeLong() > kLargestDecision || !decision.SerializeToString(&buffer)) {
    return impl_->decisions.count_lost();
  }
  const EventKey request = to_key({reinterpret_cast<const char*>(id->bytes().data()), EventKey{}.size()});
  thread_local leveldb::WriteBatch batch;
  batch.Clear();
  batch.Put(decision_key(request), buffer);
  for (const EventKey& oldest : impl_->decisions.make_room())
    batch.Delete(decision_key(oldest));
  if (impl_->write(batch)) {
    // Only now: the uploader may look for it at once.
    impl_->decisions.add(request);
  } else {
    impl_->decisions.count_lost();
  }
}

Journal::Decisions Journal::take_decisions(std::size_t limit) {
  Decisions result;
  const std::shared_lock lock(impl_->store_mutex);
  if (impl_->failed) return result;
  const std::vector<EventKey> taken = impl_->decisions.take(limit);
  std::string bytes;
  for (const EventKey& request : taken) {
    v1::DecisionRecord record;
    if (!impl_->store->db().Get({}, decision_key(request), &bytes).ok() || !record.ParseFromString(bytes)) {
      impl_->decisions.count_lost();
      continue;
    }
    result.keys.push_back(request);
    result.records.push_back(std::move(record));
  }
  impl_->decisions.forget(taken.size() - result.keys.size());
  return result;
}

void Journal::erase_decisions(std::span<const EventKey> keys) {
  if (keys.empty()) return;
  leveldb::WriteBatch batch;
  for (const EventKey& request : keys)
    batch.Delete(decision_key(request));
  // What the disk refuses to delete is found and reported again after the next start, which is harmless.
  static_cast<void>(impl_->write(batch));
  impl_->decisions.forget(keys.size());
}

void Journal::for_each_unacknowledged(const std::function<void(const v1::UsageEvent&)>& use) const {
  EventKey from{};
  v1::JournalRecord record;
  for (bool end = false; !end;) {
    const Scan found = scan(from, kScanned);
    for (const FinishedRecord& finished : found.records) {
      if (record.ParseFromString(finished.record)) use(record.event());
    }
    end = found.at_end || found.records.empty();
  }
}

}  // namespace sluice::usage
