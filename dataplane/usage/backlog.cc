#include "dataplane/usage/backlog.h"

#include <functional>

#include "dataplane/usage/journal_record.h"

namespace sluice::usage {

std::size_t Backlog::Hash::operator()(const EventKey& key) const {
  return std::hash<std::string_view>{}(view(key));
}

bool Backlog::give_out(const FinishedRecord& record) {
  return out_.insert(record.key).second;
}

std::vector<FinishedRecord> Backlog::next(std::size_t limit, std::chrono::milliseconds wait) {
  if (journal_.take_overflow()) {
    scanning_ = true;
    scan_from_ = {};
  }
  if (scanning_) {
    std::vector<FinishedRecord> found = from_disk(limit);
    if (!found.empty()) return found;
  }
  return from_queue(limit, wait);
}

std::vector<FinishedRecord> Backlog::from_disk(std::size_t limit) {
  std::vector<FinishedRecord> result;
  while (scanning_ && result.empty()) {
    Journal::Scan scan = journal_.scan(scan_from_, limit);
    if (scan.records.empty() && !scan.at_end) break;  // the disk is failing: try again with the next call
    for (FinishedRecord& record : scan.records) {
      if (give_out(record)) result.push_back(std::move(record));
    }
    if (!scan.at_end) continue;
    scanning_ = false;
    doubtful_until_ = journal_.last_sequence();
  }
  return result;
}

std::vector<FinishedRecord> Backlog::from_queue(std::size_t limit, std::chrono::milliseconds wait) {
  std::vector<FinishedRecord> result = journal_.take_finished(limit, wait);
  std::erase_if(result, [this](const FinishedRecord& record) {
    // Already reported, acknowledged and deleted, or out at this moment.
    const bool settled = record.sequence <= doubtful_until_ && !journal_.contains(record.key);
    return settled || !give_out(record);
  });
  return result;
}

void Backlog::settle(std::span<const EventKey> keys) {
  undeleted_.insert(undeleted_.end(), keys.begin(), keys.end());
  if (undeleted_.empty() || !journal_.erase(undeleted_)) return;
  for (const EventKey& key : undeleted_)
    out_.erase(key);
  undeleted_.clear();
}

}  // namespace sluice::usage
