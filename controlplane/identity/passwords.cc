#include "controlplane/identity/passwords.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "common/base/random.h"

namespace sluice::identity {

namespace {

// RFC 9106 asks for 64 MiB and three passes where memory is scarce.
constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemory = 64ULL * 1024 * 1024;
static_assert(kPasses >= crypto_pwhash_OPSLIMIT_INTERACTIVE && kMemory >= crypto_pwhash_MEMLIMIT_INTERACTIVE);

constexpr std::chrono::seconds kMayWait{5};

struct Place {
  explicit Place(std::counting_semaphore<2>& places) : of(places), taken(places.try_acquire_for(kMayWait)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (taken) of.release();
  }
  std::counting_semaphore<2>& of;
  const bool taken;
};

std::unexpected<Error> busy() {
  return fail(ErrorCode::kUnavailable, "too many people sign in at this moment: try again in a few seconds");
}

// Counts characters; nullopt if it is not UTF-8. Overlong forms and surrogates are not told apart: it is only hashed.
std::optional<std::size_t> characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return std::nullopt;
    }
    i += length;
  }
  return count;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string make_hash(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const int done = crypto_pwhash_str_alg(out.data(), password.data(), password.size(), kPasses, kMemory,
                                         crypto_pwhash_ALG_ARGON2ID13);
  return done == 0 ? std::string(out.data()) : std::string();
}

}  // namespace

Result<> check_password(std::string_view field, std::string_view password, std::string_view email) {
  const std::optional<std::size_t> count = characters(password);
  if (!count || *count < kShortestPassword || *count > kLongestPassword) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {} to {} characters of UTF-8", field, kShortestPassword, kLongestPassword));
  }
  const bool same = password.size() == email.size() && std::equal(password.begin(), password.end(), email.begin(),
                                                                  [](char a, char b) { return lower(a) == lower(b); });
  if (same) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: must not be the e-mail address", field));
  return {};
}

PasswordHasher::PasswordHasher() {
  if (sodium_init() < 0) std::abort();
  nobodys_ = make_hash(random_base62(32));
}

Result<std::string> PasswordHasher::hash(std::string_view password) const {
  const Place place(places_);
  if (!place.taken) return busy();
  std::string out = make_hash(password);
  if (out.empty()) return fail(ErrorCode::kUnavailable, "there is not enough memory to hash a password");
  return out;
}

Result<bool> PasswordHasher::verify(std::string_view hash, std::string_view password) const {
  const Place place(places_);
  if (!place.taken) return busy();
  const std::string against(hash.empty() ? nobodys_ : std::string(hash));
  const bool right = crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  return right && !hash.empty();
}

}  // namespace sluice::identity
