// The last decisions of one worker. The worker adds, any thread asks: a mutex guards it, held for one copy or one
// search. Takes memory as it fills, mostly below 1 KB a decision.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/pick/decision.h"

namespace sluice::pick {

class DecisionRing {
 public:
  explicit DecisionRing(std::size_t capacity = 1024) : capacity_(capacity) {}

  // Overwrites the oldest when full.
  void add(const Decision& decision);
  // The newest decision on this request.
  [[nodiscard]] std::optional<Decision> find(std::string_view request_id) const;
  [[nodiscard]] std::size_t size() const;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<Decision> ring_;
  std::size_t next_ = 0;  // where the next one goes once the ring is full
};

}  // namespace sluice::pick
