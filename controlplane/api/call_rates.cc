#include "controlplane/api/call_rates.h"

#include <algorithm>
#include <functional>

namespace sluice::api {

double CallRates::level(const Bucket& bucket, SteadyTime now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(options_.burst, bucket.left + passed * options_.per_second);
}

void CallRates::make_room(SteadyTime now) {
  if (buckets_.size() < options_.callers) return;
  std::erase_if(buckets_, [&](const auto& entry) { return level(entry.second, now) >= options_.burst; });
  if (buckets_.size() >= options_.callers) buckets_.clear();
}

Result<> CallRates::take(std::string_view credential) {
  const SteadyTime now = clock_.steady();
  const std::scoped_lock lock(mutex_);
  const std::size_t key = std::hash<std::string_view>()(credential);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    make_room(now);
    found = buckets_.emplace(key, Bucket{.left = options_.burst, .at = now}).first;
  }
  Bucket& bucket = found->second;
  bucket = {.left = level(bucket, now), .at = now};
  if (bucket.left < 1) {
    return fail(ErrorCode::kResourceExhausted, "too many calls with this credential: slow down and try again");
  }
  bucket.left -= 1;
  return {};
}

}  // namespace sluice::api
