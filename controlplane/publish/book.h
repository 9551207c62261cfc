// The config as the control plane publishes it: the whole released set in memory, what is still on trial, and which
// objects changed lately, so that a node which was away gets only those. Not thread-safe; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/resource/digest.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::publish {

using config::v1::Version;
using ResourcePtr = std::shared_ptr<const config::v1::Resource>;
using ResourceKey = std::pair<config::v1::Kind, std::string>;

[[nodiscard]] bool same(const Version& a, const Version& b);

// One entry of the history: an object changed with this number.
struct Touch {
  std::uint64_t number = 0;
  ResourceKey key;
  std::uint64_t revision = 0;
  SteadyTime at{};
};

class Book {
 public:
  static constexpr std::size_t kHistory = 10'000;
  static constexpr std::chrono::hours kHistoryAge{1};

  // Everything anew: at the start and in a new epoch. `history`: the changes that led here, by number.
  void reset(const std::string& epoch, std::uint64_t number, std::vector<config::v1::Resource> all,
             std::deque<Touch> history);
  // Changes up to `number`; they wait for release(). Objects as they are after all of them.
  void add(std::uint64_t number, std::vector<config::v1::Resource> changed, SteadyTime now);
  // What waits becomes part of the released set, up to the version with this number.
  void release_up_to(std::uint64_t number, SteadyTime now);

  [[nodiscard]] bool ready() const { return !released_.epoch().empty(); }
  [[nodiscard]] const Version& released() const { return released_; }
  // The released version or, if something waits, the last of that.
  [[nodiscard]] const Version& newest() const { return waiting_.empty() ? released_ : waiting_.back().to; }
  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }
  // Whether it is a version that waits.
  [[nodiscard]] bool is_waiting(const Version& version) const;

  // The newest state of each object that changed between two versions. `to` is released() or newest(). Empty if
  // `have` is not known well enough: send a snapshot.
  [[nodiscard]] std::optional<std::vector<ResourcePtr>> delta(const Version& have, const Version& to) const;
  // All of released().
  [[nodiscard]] std::vector<ResourcePtr> snapshot() const;
  [[nodiscard]] std::size_t size() const { return live_.size(); }

 private:
  struct Batch {
    Version to;
    std::vector<ResourcePtr> changed;
    resource::Digest digest;
  };
  // The resource in the released set overlaid with what waits, or null.
  [[nodiscard]] const config::v1::Resource* newest_of(const ResourceKey& key) const;
  void trim(SteadyTime now);

  Version released_;
  resource::Digest digest_;  // of released_
  std::map<ResourceKey, ResourcePtr> live_;
  std::deque<Batch> waiting_;
  std::deque<Touch> history_;                     // by number; all of (first known, released]
  std::uint64_t known_since_ = 0;                 // history_ holds every change above this number
  std::map<std::uint64_t, std::string> digests_;  // of versions that this process published
};

}  // namespace sluice::publish
