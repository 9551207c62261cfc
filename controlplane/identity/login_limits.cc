#include "controlplane/identity/login_limits.h"

#include <fmt/format.h>

#include "common/crypto/digest.h"
#include "controlplane/store/sessions.h"

namespace sluice::identity {

namespace {

constexpr std::chrono::hours kKnownFor{90 * 24};

// Of people, and of addresses that nobody has: a stranger must not see a difference.
std::string account_key(std::string_view user_id, std::string_view email) {
  return user_id.empty() ? fmt::format("email|{}", crypto::token_hash(email)) : fmt::format("user|{}", user_id);
}

Result<> take(db::Transaction& tx, const std::string& key, const store::AttemptLimit& limit, SystemTime now) {
  const auto wait = store::take_attempt(tx, key, limit, now);
  if (!wait) return std::unexpected(wait.error());
  if (!*wait) return {};
  return fail(ErrorCode::kResourceExhausted,
              fmt::format("too many attempts to sign in: try again in {} seconds", (*wait)->count()));
}

}  // namespace

Result<Attempt> count_attempt(db::Transaction& tx, const Clock& clock, std::string_view user_id, std::string_view email,
                              std::string_view network) {
  const SystemTime now = clock.now();
  Attempt attempt;
  std::string account = account_key(user_id, email);
  if (!network.empty()) {
    // Also asked for nobody, so that it takes as long.
    const std::string asked(user_id.empty() ? "00000000-0000-0000-0000-000000000000" : user_id);
    const Result<bool> known = store::knows_network(tx, asked, network, now - kKnownFor);
    if (!known) return std::unexpected(known.error());
    if (*known) account += fmt::format("|{}", network);
    attempt.networks.push_back(fmt::format("network|{}", network));
  }
  attempt.accounts.push_back(std::move(account));
  for (const std::string& key : attempt.accounts) {
    if (Result<> taken = take(tx, key, kAccountAttempts, now); !taken) return std::unexpected(taken.error());
  }
  for (const std::string& key : attempt.networks) {
    if (Result<> taken = take(tx, key, kNetworkAttempts, now); !taken) return std::unexpected(taken.error());
  }
  return attempt;
}

Result<> give_back(db::Transaction& tx, const Attempt& attempt) {
  for (const std::string& key : attempt.accounts) {
    if (Result<> done = store::give_attempt_back(tx, key, kAccountAttempts); !done) return done;
  }
  for (const std::string& key : attempt.networks) {
    if (Result<> done = store::give_attempt_back(tx, key, kNetworkAttempts); !done) return done;
  }
  return {};
}

}  // namespace sluice::identity
