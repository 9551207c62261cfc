// Which finished records to report next: from the queue while it holds them all, else from disk. Gives every record
// out once until it is settled. Used by the Uploader's thread only.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dataplane/usage/journal.h"

namespace sluice::usage {

class Backlog {
 public:
  explicit Backlog(Journal& journal) : journal_(journal) {}

  // Up to `limit` records that are not out yet; waits up to `wait` for so many. May be empty.
  [[nodiscard]] std::vector<FinishedRecord> next(std::size_t limit, std::chrono::milliseconds wait);
  // They were acknowledged: deletes them from the journal. What the disk refuses now is deleted with a later call.
  void settle(std::span<const EventKey> keys);
  [[nodiscard]] std::size_t out() const { return out_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const EventKey& key) const;
  };
  std::vector<FinishedRecord> from_disk(std::size_t limit);
  std::vector<FinishedRecord> from_queue(std::size_t limit, std::chrono::milliseconds wait);
  bool give_out(const FinishedRecord& record);

  Journal& journal_;
  std::unordered_set<EventKey, Hash> out_;
  std::vector<EventKey> undeleted_;
  // A start knows nothing of what the journal holds.
  bool scanning_ = true;
  EventKey scan_from_{};
  // Records of the queue up to here may have been read from disk as well.
  std::uint64_t doubtful_until_ = 0;
};

}  // namespace sluice::usage
