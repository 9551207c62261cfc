#include "controlplane/identity/second_factor.h"

#include <fmt/format.h>

#include <array>
#include <cctype>

#include "common/base/random.h"
#include "common/crypto/digest.h"
#include "controlplane/identity/totp.h"
#include "controlplane/store/second_factors.h"

namespace sluice::identity {

namespace {

constexpr std::size_t kTotpDigits = 6;
constexpr std::size_t kRecoveryGroup = 5;

std::string context_of(std::string_view user_id) {
  return fmt::format("user_totp|{}|sealed", user_id);
}

// As people type it: any case, blanks and dashes anywhere.
std::string normal(std::string_view code) {
  std::string out;
  for (const char c : code.substr(0, 64)) {
    if (c != '-' && c != ' ') out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string hash_of(std::string_view user_id, std::string_view normal_code) {
  return crypto::token_hash(fmt::format("recovery|{}|{}", user_id, normal_code));
}

// 100 random bits as "ABCDE-FGHIJ-KLMNO-PQRST".
std::string new_recovery_code() {
  std::array<std::uint8_t, 13> bytes{};
  fill_random(bytes);
  const std::string text = base32(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string out = text.substr(0, kRecoveryGroup);
  for (std::size_t at = kRecoveryGroup; at < 4 * kRecoveryGroup; at += kRecoveryGroup)
    out += "-" + text.substr(at, kRecoveryGroup);
  return out;
}

Result<bool> use_totp(db::Transaction& tx, const crypto::Vault& vault, const Clock& clock, const store::Totp& totp,
                      std::string_view code) {
  const auto secret = vault.open(context_of(totp.user_id), totp.sealed);
  if (!secret) return std::unexpected(secret.error());
  const auto step = find_totp_step(*secret, code, clock.now());
  if (!step) return false;
  return store::use_totp_step(tx, totp.user_id, *step);
}

}  // namespace

Result<Secret> begin_totp(db::Transaction& tx, const crypto::Vault& vault, std::string_view user_id) {
  Secret secret = new_totp_secret();
  const store::Totp row{.user_id = std::string(user_id),
                        .sealed = vault.seal(context_of(user_id), secret),
                        .key_version = vault.newest_version()};
  if (Result<> stored = store::put_totp(tx, row); !stored) return std::unexpected(stored.error());
  return secret;
}

Result<std::vector<std::string>> confirm_totp(db::Transaction& tx, const crypto::Vault& vault, const Clock& clock,
                                              std::string_view user_id, std::string_view code) {
  const auto totp = store::find_totp(tx, user_id);
  if (!totp) return std::unexpected(totp.error());
  if (!*totp || (*totp)->confirmed_at) {
    return fail(ErrorCode::kFailedPrecondition, "there is no second factor to confirm: begin one");
  }
  const Result<bool> right = use_totp(tx, vault, clock, **totp, normal(code));
  if (!right) return std::unexpected(right.error());
  if (!*right) return fail(ErrorCode::kInvalidArgument, "code: it is not right; is the clock of your device?");
  if (Result<> done = store::confirm_totp(tx, user_id, clock.now()); !done) return std::unexpected(done.error());
  std::vector<std::string> codes;
  std::vector<std::string> hashes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    codes.push_back(new_recovery_code());
    hashes.push_back(hash_of(user_id, normal(codes.back())));
  }
  if (Result<> kept = store::replace_recovery_codes(tx, user_id, hashes); !kept) return std::unexpected(kept.error());
  return codes;
}

Result<bool> has_second_factor(db::Transaction& tx, std::string_view user_id) {
  const auto totp = store::find_totp(tx, user_id);
  if (!totp) return std::unexpected(totp.error());
  return *totp && (*totp)->confirmed_at;
}

Result<bool> use_code(db::Transaction& tx, const crypto::Vault& vault, const Clock& clock, std::string_view user_id,
                      std::string_view code) {
  const auto totp = store::find_totp(tx, user_id);
  if (!totp) return std::unexpected(totp.error());
  if (!*totp || !(*totp)->confirmed_at) return false;
  const std::string given = normal(code);
  if (given.size() == kTotpDigits) return use_totp(tx, vault, clock, **totp, given);
  return store::use_recovery_code(tx, user_id, hash_of(user_id, given), clock.now());
}

}  // namespace sluice::identity
