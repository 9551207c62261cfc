#include "controlplane/identity/sessions.h"

#include <sodium.h>

#include <array>

#include "common/base/hex.h"
#include "common/base/random.h"
#include "common/base/uuid.h"
#include "common/crypto/digest.h"

namespace sluice::identity {

namespace {

// 62^43 > 2^256.
constexpr std::size_t kTokenLength = 43;
constexpr std::size_t kMaxUserAgent = 200;
constexpr std::chrono::minutes kSeenEvery{1};

std::unexpected<Error> no_session() {
  return fail(ErrorCode::kUnauthenticated, "the session has ended: sign in again");
}

// What PostgreSQL takes and a page can show.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, kMaxUserAgent));
  for (char& c : out) {
    if (c < 0x20 || c >= 0x7f) c = '?';
  }
  return out;
}

}  // namespace

Secret csrf_token(std::string_view session_token) {
  constexpr std::string_view kMessage = "sluice csrf 1";
  crypto_auth_hmacsha256_state state;
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(session_token.data()),
                              session_token.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(kMessage.data()), kMessage.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return Secret(to_hex(mac));
}

bool SessionUser::csrf_matches(std::string_view given) const {
  return crypto::constant_time_equal(given, csrf_token.reveal());
}

Result<NewSession> start_session(db::Transaction& tx, const Clock& clock, std::string_view user_id, bool second_factor,
                                 const ClientInfo& client) {
  const SystemTime now = clock.now();
  NewSession made{.token = Secret(random_base62(kTokenLength)), .row = {}};
  made.row = {.id = Uuid::generate(now).to_string(),
              .user_id = std::string(user_id),
              .token_hash = crypto::token_hash(made.token.reveal()),
              .second_factor = second_factor,
              .network = client.network,
              .user_agent = printable(client.user_agent),
              .created_at = now,
              .last_seen_at = now,
              .expires_at = now + kSessionLifetime};
  if (Result<> stored = store::insert_session(tx, made.row); !stored) return std::unexpected(stored.error());
  return made;
}

Result<SessionUser> find_session(db::Transaction& tx, std::string_view token, const Clock& clock) {
  auto session = store::find_session_row(tx, crypto::token_hash(token));
  if (!session && session.error().code == ErrorCode::kNotFound) return no_session();
  if (!session) return std::unexpected(session.error());
  const SystemTime now = clock.now();
  if (session->revoked_at || session->expires_at <= now || session->last_seen_at + kSessionIdle <= now) {
    return no_session();
  }
  auto user = store::get_user(tx, session->user_id);
  if (!user) return std::unexpected(user.error());
  if (user->status != store::Status::kActive) return no_session();
  if (session->last_seen_at + kSeenEvery <= now) {
    if (Result<> noted = store::note_session_seen(tx, session->id, now, now - kSeenEvery); !noted) {
      return std::unexpected(noted.error());
    }
  }
  return SessionUser{.user = std::move(*user), .session = std::move(*session), .csrf_token = csrf_token(token)};
}

}  // namespace sluice::identity
