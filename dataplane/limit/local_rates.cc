#include "dataplane/limit/local_rates.h"

#include <algorithm>

namespace sluice::limit {

namespace {

constexpr std::chrono::nanoseconds kMinute = std::chrono::minutes(1);

std::chrono::nanoseconds worth(std::int64_t amount, std::uint32_t share) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(kMinute.count()) *
                                                            static_cast<double>(amount) / static_cast<double>(share)));
}

}  // namespace

LocalRates::Shard& LocalRates::shard(const std::string& rate) const {
  return shards_[std::hash<std::string>{}(rate) % shards_.size()];
}

std::uint32_t LocalRates::share_of(std::uint32_t per_minute) const {
  return std::max<std::uint32_t>(1, per_minute / std::max(1U, live_nodes_()));
}

std::chrono::milliseconds LocalRates::wait_for(const std::string& rate, std::uint32_t per_minute, std::uint32_t amount,
                                               SteadyTime now) const {
  const std::uint32_t share = share_of(per_minute);
  const Shard& at = shard(rate);
  const std::lock_guard lock(at.mutex);
  const auto found = at.full_until.find(rate);
  const SteadyTime until = found == at.full_until.end() ? now : std::max(found->second, now);
  const auto over = until - now + worth(std::min(amount, share), share) - kMinute;
  return over.count() <= 0 ? std::chrono::milliseconds(0) : std::chrono::ceil<std::chrono::milliseconds>(over);
}

void LocalRates::charge(const std::string& rate, std::uint32_t per_minute, std::int64_t amount, SteadyTime now) {
  const auto by = worth(amount, share_of(per_minute));
  Shard& at = shard(rate);
  const std::lock_guard lock(at.mutex);
  if (at.full_until.size() >= at.next_sweep) {
    std::erase_if(at.full_until, [now](const auto& entry) { return entry.second <= now; });
    at.next_sweep = std::max<std::size_t>(1024, 2 * at.full_until.size());
  }
  SteadyTime& until = at.full_until.try_emplace(rate, now).first->second;
  until = std::min(std::max(until, now) + by, now + kMinute);
}

std::size_t LocalRates::size() const {
  std::size_t all = 0;
  for (const Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    all += at.full_until.size();
  }
  return all;
}

}  // namespace sluice::limit
