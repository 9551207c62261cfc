// Makes deliveries, in every replica; each is taken by one of them at a time. Owns its thread. A request that is under
// way when it is destroyed is waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/crypto/vault.h"
#include "controlplane/alerts/deliveries.h"
#include "controlplane/db/pool.h"
#include "controlplane/mail/mailer.h"
#include "controlplane/oauth/fetch.h"

namespace sluice::alerts {

struct DelivererOptions {
  oauth::FetchOptions fetch = {};
  std::chrono::milliseconds look{1'000};
  // Longer than a request, or sending a mail, can take.
  std::chrono::seconds lease{60};
};

class Deliverer {
 public:
  // All outlive it.
  Deliverer(db::Pool& pool, const Clock& clock, const crypto::Vault& vault, const mail::Mailer& mailer,
            DelivererOptions options);
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  ~Deliverer();

 private:
  void run();
  // False if nothing was due or the database is away.
  [[nodiscard]] bool deliver_one();
  struct Outcome {
    int http_status = 0;
    std::string error = {};  // empty: delivered
    bool final = false;      // trying again would not help
  };
  [[nodiscard]] Outcome post(const Delivery& delivery);
  [[nodiscard]] Outcome mail(const Delivery& delivery);

  db::Pool& pool_;
  const Clock& clock_;
  const crypto::Vault& vault_;
  const mail::Mailer& mailer_;
  const DelivererOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

// The value of x-sluice-signature: "t=SECONDS,v1=HEX", HMAC-SHA256 under `key` of "SECONDS.BODY".
[[nodiscard]] std::string signature(const Secret& key, SystemTime at, std::string_view body);

}  // namespace sluice::alerts
