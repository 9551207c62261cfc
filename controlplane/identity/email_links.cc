#include "controlplane/identity/email_links.h"

#include <fmt/format.h>

#include "common/base/ascii.h"
#include "common/base/random.h"
#include "common/crypto/digest.h"
#include "controlplane/store/login_attempts.h"

namespace sluice::identity {

namespace {

constexpr std::size_t kTokenLength = 43;  // 256 bits
constexpr store::AttemptLimit kAddressMails{.burst = 3, .per_one = std::chrono::seconds(600)};
constexpr store::AttemptLimit kNetworkMails{.burst = 10, .per_one = std::chrono::seconds(60)};

Result<> take(db::Transaction& tx, const std::string& key, const store::AttemptLimit& limit, SystemTime now) {
  const auto wait = store::take_attempt(tx, key, limit, now);
  if (!wait) return std::unexpected(wait.error());
  if (!*wait) return {};
  return fail(ErrorCode::kResourceExhausted,
              fmt::format("too many mails were asked for: try again in {} seconds", (*wait)->count()));
}

}  // namespace

std::chrono::seconds life_of(std::string_view purpose) {
  return purpose == kReset ? std::chrono::minutes(30) : std::chrono::hours(24);
}

Result<Secret> make_link(db::Transaction& tx, const Clock& clock, store::EmailToken row) {
  Secret token(random_base62(kTokenLength));
  row.token_hash = crypto::token_hash(token.reveal());
  row.created_at = clock.now();
  row.expires_at = row.created_at + life_of(row.purpose);
  if (Result<> stored = store::insert_email_token(tx, row); !stored) return std::unexpected(stored.error());
  return token;
}

Result<> count_mail(db::Transaction& tx, const Clock& clock, std::string_view email, std::string_view network) {
  const SystemTime now = clock.now();
  const std::string address = ascii_lower(email);
  if (Result<> taken = take(tx, "mail|email|" + crypto::token_hash(address), kAddressMails, now); !taken) {
    return taken;
  }
  if (network.empty()) return {};
  return take(tx, fmt::format("mail|network|{}", network), kNetworkMails, now);
}

}  // namespace sluice::identity
