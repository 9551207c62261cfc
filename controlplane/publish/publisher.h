// Watches the change log and feeds the config service: NOTIFY wakes it, a look every second makes sure. One thread of
// its own from construction to destruction. While PostgreSQL is away the streams live on from memory. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/listener.h"
#include "controlplane/db/pool.h"
#include "controlplane/publish/config_service.h"
#include "controlplane/store/change_log.h"

namespace sluice::publish {

struct PublisherOptions {
  // For LISTEN, on a connection of its own.
  Secret conninfo;
  std::chrono::milliseconds poll{1'000};
};

class Publisher {
 public:
  // All references must outlive it.
  Publisher(PublisherOptions options, db::Pool& pool, const crypto::Vault& vault, ConfigServiceImpl& service,
            const Clock& clock);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher();

  // Whether the config has been loaded: nodes get answers from then on.
  [[nodiscard]] bool ready() const { return ready_; }
  // The number of the config in memory.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  // Looks that failed since the start, for metrics.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  void run();
  void look();
  [[nodiscard]] Result<> load();
  [[nodiscard]] Result<> load_everything(db::Transaction& tx, const store::ConfigVersion& version);
  [[nodiscard]] Result<> load_changes(db::Transaction& tx, const store::ConfigVersion& version);
  void save_nodes();
  void order_drains();

  db::Listener listener_;
  const std::chrono::milliseconds poll_;
  db::Pool& pool_;
  const crypto::Vault& vault_;
  ConfigServiceImpl& service_;
  const Clock& clock_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<std::uint64_t> number_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  bool failing_ = false;  // logged once until it works again
  std::string epoch_;
  std::deque<NodeView> unsaved_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::publish
