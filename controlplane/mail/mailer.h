// Sends mail: what the outbox holds, in every replica, each mail by one of them at a time; and single mails for whoever
// keeps his own log. Owns its thread; a mail under way when it is destroyed is waited for. send() from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/clock.h"
#include "common/crypto/vault.h"
#include "controlplane/db/pool.h"
#include "controlplane/mail/outbox.h"
#include "controlplane/mail/smtp.h"

namespace sluice::mail {

struct MailerOptions {
  SmtpOptions smtp = {};
  std::chrono::milliseconds look{1'000};
  // Longer than sending can take.
  std::chrono::seconds lease{120};
};

class Mailer {
 public:
  // All outlive it.
  Mailer(db::Pool& pool, const Clock& clock, const crypto::Vault& vault, MailerOptions options);
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  ~Mailer();

  // Through the server of the settings, now. Blocking, and never inside of a transaction. Errors as deliver(), and
  // kFailedPrecondition if mail is not set up.
  Result<> send(const Message& message, std::string_view id) const;

 private:
  void run();
  // False if nothing was due or the database is away.
  [[nodiscard]] bool send_one();
  [[nodiscard]] Result<> send_taken(const Mail& mail) const;

  db::Pool& pool_;
  const Clock& clock_;
  const crypto::Vault& vault_;
  const MailerOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::mail
