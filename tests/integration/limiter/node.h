// A gateway node of tests: one worker with its Redis connections, its limiter, and requests that ask it.
#pragma once

#include <catch2/catch.hpp>
#include <list>
#include <optional>

#include "dataplane/limit/limiter.h"
#include "dataplane/redis/subscriber.h"
#include "tests/integration/redis/on_worker.h"
#include "tests/support/redis_server.h"

namespace sluice::limit {

struct Account {
  std::string id;
  std::uint32_t concurrency = 0;
  std::int32_t priority = 0;
};

// What a request of a test asks for.
struct Wish {
  std::string user = "u1";
  std::uint32_t user_concurrency = 0;
  std::uint32_t user_requests = 0;
  std::uint32_t user_tokens = 0;
  std::string key = "k1";
  std::uint32_t key_concurrency = 0;
  std::vector<Account> accounts = {};
  std::vector<PurseDemand> purses = {};
  std::int64_t hold_nano = 0;
  std::uint32_t tokens = 0;
  std::string sticky = {};
  bool may_wait = true;
  bool money_needs_redis = false;
};

// Used, and destroyed, on its node's worker.
struct Request {
  Request(std::string id_, Wish wish_);
  std::string id;
  Wish wish;
  Demand demand;
  Permit permit;
};

// How serve() ended.
struct Served {
  bool granted = false;
  std::size_t account = 0;
  std::optional<Refused> refused = {};  // neither: the time was up
};

struct NodeOptions {
  std::string name = "n1";
  int worker = 0;
  NodeLimits* limits = nullptr;  // of the node's first worker; null: own ones
  std::chrono::milliseconds lease{24'000};
  std::chrono::milliseconds heartbeat{5'000};
  std::chrono::milliseconds quarantine{0};
  std::chrono::milliseconds command_limit{10'000};
};

class Node {
 public:
  Node(const std::string& endpoint, NodeOptions options);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  // Like a crash: nothing is given back.
  ~Node();

  // Waits until Redis decides.
  [[nodiscard]] bool by_redis();
  [[nodiscard]] bool by_share();

  using Handle = std::shared_ptr<Request>;
  [[nodiscard]] Handle request(Wish wish);
  [[nodiscard]] std::future<Outcome> begin_admit(const Handle& request);
  Outcome admit(const Handle& request);
  // Admits, waits and asks again until it is granted or refused, as requests do.
  [[nodiscard]] std::future<Served> begin_serve(const Handle& request,
                                                std::chrono::milliseconds limit = sluice::testing::kGenerous);
  Served serve(const Handle& request, std::chrono::milliseconds limit = sluice::testing::kGenerous);
  [[nodiscard]] std::future<WaitResult> begin_wait(const Handle& request, std::chrono::milliseconds limit);
  WaitResult wait(const Handle& request, std::chrono::milliseconds limit = sluice::testing::kGenerous);
  [[nodiscard]] bool extend(const Handle& request, std::int64_t nano);
  // Ends a request that nobody waits for: everything goes back.
  void end(const Handle& request, std::int64_t cost_nano = -1);
  void end_all();
  // Runs a function on the worker.
  template <class Function>
  auto call(Function function) {
    return on_.call(function);
  }
  // Starts a task there; `make` returns it.
  template <class Make>
  auto begin(Make make) {
    return on_.begin(make);
  }
  // Only on the worker.
  [[nodiscard]] Limiter& limiter() { return *limiter_; }
  [[nodiscard]] io::Worker& limiter_worker() { return on_.worker(); }
  [[nodiscard]] std::size_t held();
  [[nodiscard]] std::size_t waiting();
  [[nodiscard]] std::string metrics() { return metrics_.text(); }
  [[nodiscard]] NodeLimits& limits() { return *limits_; }

  std::atomic<unsigned> live_nodes = 1;

 private:
  [[nodiscard]] io::Task<Served> serve_task(Handle request, std::chrono::milliseconds limit);

  NodeOptions options_;
  observe::MetricsRegistry metrics_;
  std::optional<NodeLimits> own_limits_;
  NodeLimits* limits_;
  sluice::testing::OnWorker on_;
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<redis::Subscriber> subscriber_;
  std::unique_ptr<Limiter> limiter_;
  std::list<Handle> requests_;
  std::atomic<int> last_request_ = 0;
};

// Waits for a result of a task.
template <class T>
T get(std::future<T> future) {
  if (future.wait_for(sluice::testing::kGenerous) != std::future_status::ready)
    throw std::runtime_error("a task hangs");
  return future.get();
}

[[nodiscard]] bool granted(const Outcome& outcome);
[[nodiscard]] bool queued(const Outcome& outcome);
// "" if it is not refused.
[[nodiscard]] std::string refused_by(const Outcome& outcome);

// Entries of a sorted set: key such as "slots:user:u1".
[[nodiscard]] int entries(sluice::testing::RedisServer& server, const std::string& key);
// Until when a member holds a slot or is believed to wait, in Redis milliseconds; 0 if it does not.
[[nodiscard]] std::int64_t lease_end(sluice::testing::RedisServer& server, const std::string& key,
                                     const std::string& member);
// A field of a purse; 0 if there is none.
[[nodiscard]] std::int64_t purse(sluice::testing::RedisServer& server, const std::string& id, const std::string& field);
[[nodiscard]] PurseDemand wallet(const std::string& user, std::int64_t balance_nano, std::uint64_t version = 1);

}  // namespace sluice::limit
