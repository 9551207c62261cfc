#include "dataplane/pick/breaker.h"

#include <algorithm>

namespace sluice::pick {

namespace {

std::int64_t number_of(SystemTime now, std::chrono::seconds bucket) {
  return now.time_since_epoch() / bucket;
}

}  // namespace

Breaker::Bucket& Breaker::bucket(SystemTime now) {
  const std::int64_t number = number_of(now, kBucket);
  Bucket& bucket = buckets_[static_cast<std::size_t>(number) % buckets_.size()];
  if (bucket.number != number) bucket = {.number = number};
  return bucket;
}

bool Breaker::too_many(SystemTime now) const {
  const std::int64_t oldest = number_of(now, kBucket) - static_cast<std::int64_t>(buckets_.size());
  std::uint32_t good = 0;
  std::uint32_t bad = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.number <= oldest) continue;
    good += bucket.good;
    bad += bucket.bad;
  }
  return bad >= kFailuresToOpen && bad >= good;
}

void Breaker::open(SystemTime now) {
  pause_ = pause_.count() == 0 ? kFirstPause : std::min(pause_ * 2, kLongestPause);
  opened_at_ = now;
  open_until_ = now + pause_;
  probe_until_ = {};
}

bool Breaker::failed(SystemTime now) {
  ++bucket(now).bad;
  if (now < open_until_) return false;  // a call that began before it opened
  if (pause_.count() == 0 && !too_many(now)) return false;
  open(now);
  return true;
}

SystemTime Breaker::succeeded(SystemTime now, SystemTime began) {
  ++bucket(now).good;
  if (pause_.count() == 0 || began < opened_at_) return {};
  const SystemTime open_until = open_until_;
  *this = {};
  return open_until;
}

void Breaker::ended(SystemTime until) {
  if (pause_.count() != 0 && open_until_ <= until) *this = {};
}

SystemTime Breaker::blocked_until(SystemTime now) const {
  return now < open_until_ ? open_until_ : probe_until_;
}

void Breaker::started(SystemTime now) {
  if (pause_.count() != 0 && now >= open_until_ && now >= probe_until_) probe_until_ = now + kProbeTime;
}

bool Breaker::idle(SystemTime now) const {
  const std::int64_t oldest = number_of(now, kBucket) - static_cast<std::int64_t>(buckets_.size());
  const bool forgotten = std::max(open_until_, probe_until_) + 2 * kLongestPause <= now;
  return (pause_.count() == 0 || forgotten) &&
         std::all_of(buckets_.begin(), buckets_.end(), [&](const Bucket& bucket) { return bucket.number <= oldest; });
}

}  // namespace sluice::pick
