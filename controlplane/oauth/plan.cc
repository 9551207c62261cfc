#include "controlplane/oauth/plan.h"

#include <algorithm>

#include "common/base/random.h"

namespace sluice::oauth {

namespace {

using std::chrono::microseconds;

constexpr std::chrono::minutes kLongestLead{30};
constexpr microseconds kFirstPause = std::chrono::seconds(5);
constexpr microseconds kLongestPause = std::chrono::minutes(10);

microseconds chance(microseconds below) {
  return microseconds(random_below(static_cast<std::uint64_t>(std::max<std::int64_t>(below.count(), 1))));
}

}  // namespace

SystemTime refresh_time(SystemTime now, std::optional<std::chrono::seconds> lifetime) {
  if (!lifetime) return now + kLongestLead + chance(kLongestLead / 2);
  const microseconds life = *lifetime;
  const microseconds lead = std::min<microseconds>(kLongestLead, life / 4);
  return now + life - lead - chance(lead / 2);
}

microseconds retry_pause(int failures, std::optional<std::chrono::seconds> retry_after) {
  const int doublings = std::clamp(failures - 1, 0, 10);
  const microseconds ceiling = std::min(kLongestPause, kFirstPause * (1 << doublings));
  const microseconds pause = ceiling / 2 + chance(ceiling / 2);
  return retry_after ? std::max<microseconds>(pause, *retry_after) : pause;
}

}  // namespace sluice::oauth
