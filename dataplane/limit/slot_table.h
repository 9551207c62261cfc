// What Slots, its leases and its background task share. Only for dataplane/limit. One worker.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/io/event.h"
#include "dataplane/limit/slots.h"

namespace sluice::limit {

struct SlotMetrics {
  SlotMetrics(observe::MetricsRegistry& registry, int worker);
  observe::Counter& granted;
  observe::Counter& granted_locally;
  observe::Counter& refused;
  observe::Counter& refused_locally;
  observe::Counter& releases_dropped;
  observe::Gauge& held;
  observe::Gauge& local;
};

class SlotTable : public std::enable_shared_from_this<SlotTable> {
 public:
  SlotTable(io::Worker& worker, redis::Client& redis, LocalShare& share, SlotSettings settings,
            observe::MetricsRegistry& registry);

  [[nodiscard]] static io::Task<Result<Lease>> acquire(std::shared_ptr<SlotTable> self, std::string scope,
                                                       std::uint32_t limit, std::string request);
  // Ends after stop().
  [[nodiscard]] static io::Task<> keep_renewing(std::shared_ptr<SlotTable> self);
  void release(std::string scope, std::string member);
  // Redis can be used (again): it may have forgotten everything.
  void on_redis_up();
  // From now on nothing outside is used any more.
  void stop();

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  struct Release {
    std::string key;
    std::string member;
  };

  [[nodiscard]] Result<Lease> decide_locally(const std::string& scope, std::uint32_t limit, const std::string& member,
                                             const Error& cause);
  [[nodiscard]] Lease grant(const std::string& scope, const std::string& member);
  [[nodiscard]] std::string key(std::string_view scope) const;
  void queue_release(std::string key, std::string member);
  void flush_releases();
  void renew_all();
  void set_local(bool local, std::string_view cause);

  io::Worker& worker_;
  redis::Client& redis_;
  LocalShare& share_;
  const SlotSettings settings_;
  const std::string lease_ms_;
  SlotMetrics metrics_;
  io::Event wake_;
  std::unordered_map<std::string, std::unordered_set<std::string>> members_;  // by scope
  std::deque<Release> releases_;
  std::size_t held_ = 0;
  bool flush_posted_ = false;
  bool local_ = false;
  bool stopped_ = false;
};

}  // namespace sluice::limit
