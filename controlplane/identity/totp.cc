#include "controlplane/identity/totp.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cctype>
#include <chrono>

#include "common/base/random.h"
#include "common/crypto/digest.h"

namespace sluice::identity {

namespace {

constexpr std::chrono::seconds kStep{30};
constexpr std::size_t kSecretBytes = 20;

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace

Secret new_totp_secret() {
  std::array<std::uint8_t, kSecretBytes> bytes{};
  fill_random(bytes);
  return Secret(std::string(bytes.begin(), bytes.end()));
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<unsigned char>(c)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5)
      out += kDigits[buffer >> (bits - 5) & 31];
  }
  if (bits > 0) out += kDigits[buffer << (5 - bits) & 31];
  return out;
}

Secret totp_uri(const Secret& secret, std::string_view email) {
  return Secret(fmt::format("otpauth://totp/Sluice:{}?secret={}&issuer=Sluice&algorithm=SHA1&digits=6&period=30",
                            percent_encoded(email), base32(secret.reveal())));
}

std::int64_t totp_step(SystemTime at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()) / kStep;
}

std::string totp_code(const Secret& secret, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < 8; ++i)
    counter[7 - i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha1(), secret.reveal().data(), static_cast<int>(secret.reveal().size()), counter.data(), counter.size(),
       mac.data(), &size);
  const std::size_t at = mac[size - 1] & 15U;
  const unsigned number = (mac[at] & 0x7fU) << 24 | mac[at + 1] << 16 | mac[at + 2] << 8 | mac[at + 3];
  return fmt::format("{:06}", number % 1'000'000);
}

std::optional<std::int64_t> find_totp_step(const Secret& secret, std::string_view code, SystemTime now) {
  const std::int64_t middle = totp_step(now);
  for (const std::int64_t step : {middle, middle - 1, middle + 1}) {
    if (crypto::constant_time_equal(totp_code(secret, step), code)) return step;
  }
  return std::nullopt;
}

}  // namespace sluice::identity
