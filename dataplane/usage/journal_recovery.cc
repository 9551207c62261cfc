#include "dataplane/usage/journal_recovery.h"

#include <leveldb/write_batch.h>

#include <memory>

#include "common/base/uuid.h"
#include "common/observe/log.h"
#include "dataplane/usage/decision_shelf.h"
#include "dataplane/usage/journal_record.h"

namespace sluice::usage {

namespace {

constexpr std::size_t kBatchBytes = 1024 * 1024;

std::unexpected<Error> failed(const leveldb::Status& status) {
  return fail(ErrorCode::kUnavailable, "journal: recovery: " + status.ToString());
}

Result<> write(leveldb::DB& db, leveldb::WriteBatch& batch) {
  leveldb::WriteOptions durable;
  durable.sync = true;
  if (const leveldb::Status status = db.Write(durable, &batch); !status.ok()) return failed(status);
  batch.Clear();
  return {};
}

// False if it is not a record of ours.
bool finish(const leveldb::Slice& value, SystemTime now, std::string& into) {
  v1::JournalRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size())) || !record.has_event()) return false;
  finish_after_crash(record, now);
  encode_record(record.stage(), record.event(), into);
  return true;
}

}  // namespace

Result<Recovery> recover(leveldb::DB& db, SystemTime now) {
  Recovery result;
  leveldb::WriteBatch batch;
  std::string finished;
  const std::unique_ptr<leveldb::Iterator> at(db.NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    if (is_decision_key({at->key().data(), at->key().size()})) {
      result.decisions.push_back(request_of({at->key().data(), at->key().size()}));
      continue;
    }
    ++result.records;
    if (stage_of({at->value().data(), at->value().size()}) == v1::JournalRecord::STAGE_FINAL) {
      ++result.finished;
      continue;
    }
    if (at->key().size() != EventKey{}.size() || !finish(at->value(), now, finished)) {
      observe::log(observe::Level::kError, "journal_unreadable_record", {{"bytes", at->value().size()}});
      continue;
    }
    batch.Put(at->key(), finished);
    ++result.recovered;
    ++result.finished;
    if (batch.ApproximateSize() < kBatchBytes) continue;
    if (Result<> written = write(db, batch); !written) return std::unexpected(written.error());
  }
  if (!at->status().ok()) return failed(at->status());
  if (Result<> written = write(db, batch); !written) return std::unexpected(written.error());
  return result;
}

}  // namespace sluice::usage
