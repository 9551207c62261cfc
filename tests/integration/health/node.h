// A worker of a node with its share of account health, on a real Redis.
#pragma once

#include <mutex>

#include "dataplane/pick/health_share.h"
#include "tests/integration/redis/on_worker.h"
#include "tests/support/redis_server.h"

namespace sluice::testing {

class HealthNode {
 public:
  static constexpr const char* kAccount = "x";

  explicit HealthNode(const RedisServer& server, std::chrono::milliseconds tidy_every = std::chrono::hours(1)) {
    redis::ClientOptions options;
    options.endpoint = redis::parse_endpoint(server.url()).value();
    options.command_limit = options.connect_limit = std::chrono::seconds(10);  // a busy machine is no failure
    options.retry_base = std::chrono::milliseconds(10);
    options.retry_cap = std::chrono::milliseconds(100);
    client_ = std::make_unique<redis::Client>(on_.worker(), options, metrics_);
    subscriber_ = std::make_unique<redis::Subscriber>(on_.worker(), options, metrics_);
    share_ = std::make_unique<pick::HealthShare>(
        on_.worker(), *client_, *subscriber_, [this](const pick::HealthNews& news) { note(news); }, tidy_every);
    subscriber_->on_up([this] { ++subscribed_; });
    client_->start();
    subscriber_->start();
    on_.start();
  }
  ~HealthNode() { on_.stop(); }

  // Hears others, and can tell them.
  bool up() {
    return eventually(kGenerous, [this] { return subscribed_ > 0 && available(); });
  }
  bool available() {
    return on_.call([this] { return client_->available(); });
  }
  int subscribed() const { return subscribed_; }

  // An upstream's answer; `wait`: how long the vendor says to wait.
  void answer(unsigned status, std::optional<std::chrono::milliseconds> wait = std::nullopt,
              const std::string& account_id = kAccount, bool model_only = false) {
    on_.call([&] {
      snapshot::AccountEntry account;
      account.id = account_id;
      provider::LimitSignal limits{.model_only = model_only};
      if (wait) limits.retry_at = now() + *wait;
      share_->observe({.account = account, .model = "m", .credential_revision = 1, .status = status, .limits = limits});
      return 0;
    });
  }
  // Until when it is blocked as this worker knows it, from now on in seconds rounded up; 0: not at all.
  std::int64_t left() {
    return on_.call([this]() -> std::int64_t {
      const auto blocked = share_->health().blocked(kAccount, "m", 1, now());
      return blocked ? std::chrono::ceil<std::chrono::seconds>(blocked->until - now()).count() : 0;
    });
  }
  // Accounts and models that it remembers anything of.
  std::size_t remembered() {
    return on_.call([this] { return share_->health().size(); });
  }
  bool gets_blocked() {
    return eventually(kGenerous, [this] { return left() > 0; });
  }
  bool gets_free() {
    return eventually(kGenerous, [this] { return left() == 0; });
  }
  std::vector<pick::HealthNews> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

 private:
  SystemTime now() { return on_.worker().clock().now(); }
  void note(const pick::HealthNews& news) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(news);
  }

  observe::MetricsRegistry metrics_;
  std::mutex mutex_;
  std::vector<pick::HealthNews> reports_;
  std::atomic<int> subscribed_ = 0;
  OnWorker on_;
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<redis::Subscriber> subscriber_;
  std::unique_ptr<pick::HealthShare> share_;
};

}  // namespace sluice::testing
