// Brings what one worker learns of an account's health to all others at once, through Redis: a message to those that
// are there, and a hash for those that come later. Without Redis every worker learns by itself; when Redis is back, or
// has lost its memory, each tells again what it has seen itself. One per worker, used on its thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/io/worker.h"
#include "dataplane/pick/health.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/subscriber.h"

namespace sluice::pick {

class HealthShare {
 public:
  // For the control plane: called once for each block that this worker saw itself, and with an `until` in the past when
  // its own success has ended one. Any thread-safe sink.
  using Report = std::function<void(const HealthNews&)>;

  // All must outlive it. Made before the client and the subscriber are started. `tidy_every`: how often what has passed
  // is forgotten, and what has not is told again in case Redis lost it unnoticed; it happens when something is observed
  // or heard.
  HealthShare(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, Report report,
              std::chrono::milliseconds tidy_every = std::chrono::seconds(60));

  [[nodiscard]] Health& health() { return health_; }
  // What a call of this worker came to. True if a pause rule of the account matched.
  bool observe(const Observation& seen);

 private:
  using Arguments = std::vector<std::string>;
  struct Ended {
    HealthEnd end;
    bool own = false;
    bool told = true;
  };

  static io::Task<> load(HealthShare* self);
  static io::Task<> tell_blocks(HealthShare* self, Arguments blocks);
  static io::Task<> tell_end(HealthShare* self, std::string field, HealthEnd end);

  void hear(std::string_view text);
  void note(const HealthNews& news, SystemTime now);
  void note(const HealthEnd& end, SystemTime now);
  void forget_own(const HealthEnd& end);
  [[nodiscard]] bool has_ended(const HealthNews& news);
  void catch_up();
  void tell_all();
  void tidy();

  io::Worker& worker_;
  redis::Client& redis_;
  const Report report_;
  const std::chrono::milliseconds tidy_every_;
  Health health_;
  // By field, as long as the block would last.
  std::unordered_map<std::string, HealthNews> own_;  // what this worker saw itself, and nobody has ended
  std::unordered_map<std::string, Ended> ended_;     // by its own successes, or by others'
  SteadyTime next_tidy_{};
};

}  // namespace sluice::pick
