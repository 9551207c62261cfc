#include "common/crypto/api_key_format.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <set>

#include "common/base/random.h"

namespace sluice::crypto {

namespace {

constexpr std::string_view kPrefix = "sk-";
constexpr std::size_t kPublicId = 8;
constexpr std::size_t kRandom = 43;  // 256 bits
constexpr std::size_t kChecksum = 6;
constexpr std::size_t kBody = kPrefix.size() + kPublicId + kRandom;
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string checksum(std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  std::uint32_t value = crc.checksum();
  std::string text(kChecksum, kAlphabet[0]);
  for (auto c = text.rbegin(); c != text.rend(); ++c) {
    *c = kAlphabet[value % kAlphabet.size()];
    value /= kAlphabet.size();
  }
  return text;
}

bool is_base62(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

NewApiKey generate_api_key() {
  NewApiKey made;
  made.public_id = random_base62(kPublicId);
  std::string key;
  key.reserve(kBody + kChecksum);  // never reallocated: no copy is left behind
  key.append(kPrefix).append(made.public_id).append(random_base62(kRandom));
  key += checksum(key);
  made.last4 = key.substr(key.size() - 4);
  made.key = Secret(std::move(key));
  return made;
}

Result<NewApiKey> adopt_api_key(std::string_view key) {
  constexpr std::size_t kShortest = 24;
  constexpr std::size_t kLongest = 200;
  constexpr std::size_t kDifferent = 10;
  const bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  if (key.size() < kShortest || key.size() > kLongest || !printable ||
      std::set<char>(key.begin(), key.end()).size() < kDifferent) {
    return fail(ErrorCode::kInvalidArgument,
                "secret: 24 to 200 printable ASCII characters without spaces, 10 different ones at least");
  }
  return NewApiKey{.key = Secret(std::string(key)),
                   .public_id = random_base62(kPublicId),
                   .last4 = std::string(key.substr(key.size() - 4))};
}

std::optional<ApiKeyParts> parse_api_key(std::string_view key) {
  if (key.size() != kBody + kChecksum || !key.starts_with(kPrefix)) return std::nullopt;
  if (!std::ranges::all_of(key.substr(kPrefix.size()), is_base62)) return std::nullopt;
  if (checksum(key.substr(0, kBody)) != key.substr(kBody)) return std::nullopt;
  return ApiKeyParts{.public_id = key.substr(kPrefix.size(), kPublicId), .last4 = key.substr(key.size() - 4)};
}

}  // namespace sluice::crypto
