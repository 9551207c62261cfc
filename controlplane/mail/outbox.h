// Mail that is to be sent, stored in the transaction that has something to say, and the log of it. A mail may be sent
// twice if a replica dies in between. Blocking, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/mail/message.h"
#include "controlplane/store/page.h"

namespace sluice::mail {

struct Mail {
  std::string id = {};
  std::string recipient = {};
  std::string subject = {};
  // The text: "mails|<id>|sealed"; empty once the mail has been sent or has failed.
  std::string sealed = {};
  std::string state = {};  // waiting, sent, failed
  std::int32_t attempts = 0;
  SystemTime next_attempt_at = {};
  std::string last_error = {};
  SystemTime created_at = {};
  std::optional<SystemTime> ended_at = {};
};

// Stores the mail; returns its id.
Result<std::string> queue(db::Transaction& tx, const crypto::Vault& vault, const Message& message, SystemTime now);
[[nodiscard]] Result<store::Page<Mail>> list_mails(db::Transaction& tx, const store::PageRequest& page);

// After so many attempts a mail has failed: about two hours.
inline constexpr int kMostAttempts = 10;

// Takes a mail that is due: nobody else gets it until `lease` is over.
[[nodiscard]] Result<std::optional<Mail>> take_mail(db::Transaction& tx, SystemTime now, std::chrono::seconds lease);
// These change nothing if somebody else took the mail meanwhile.
Result<> note_sent(db::Transaction& tx, const Mail& mail, SystemTime now);
// Tries again later, twice as late as the time before, or gives up; at once if `final`.
Result<> note_not_sent(db::Transaction& tx, const Mail& mail, std::string_view error, bool final, SystemTime now);
// Deletes at most `limit` mails that ended before `before`. Returns how many.
Result<std::int64_t> drop_mails(db::Transaction& tx, SystemTime before, int limit);

}  // namespace sluice::mail
