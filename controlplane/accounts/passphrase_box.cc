#include "controlplane/accounts/passphrase_box.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <mutex>
#include <optional>

#include "common/base/random.h"

namespace sluice::accounts {

namespace json = boost::json;

namespace {

constexpr std::string_view kFormat = "sluice-accounts";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

using Salt = std::array<std::uint8_t, crypto_pwhash_SALTBYTES>;
using Nonce = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;

class Key {
 public:
  Key() = default;
  ~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  // False: no memory.
  [[nodiscard]] bool derive(std::string_view passphrase, const Salt& salt) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    return crypto_pwhash(bytes_.data(), bytes_.size(), passphrase.data(), passphrase.size(), salt.data(), 3,
                         std::size_t{64} << 20, crypto_pwhash_ALG_ARGON2ID13) == 0;
  }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }

 private:
  std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_KEYBYTES> bytes_{};
};

// Bound to the version, so that no other one can be claimed for the same bytes.
std::string bound_to() {
  return std::string(kFormat) + " 1";
}

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string to_base64(const std::uint8_t* bytes, std::size_t size) {
  std::string out(sodium_base64_encoded_len(size, kBase64), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes, size, kBase64);
  out.resize(out.size() - 1);  // its terminating zero
  return out;
}

// nullopt: not there or no base64.
std::optional<std::string> from_base64(const json::object& envelope, std::string_view name) {
  const json::value* found = envelope.if_contains(name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  const json::string& text = found->get_string();
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<std::uint8_t*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, kBase64) != 0) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

std::unexpected<Error> no_envelope() {
  return fail(ErrorCode::kInvalidArgument, "envelope: this is no export of accounts");
}

}  // namespace

Result<std::string> seal_under(std::string_view passphrase, const Secret& plain) {
  if (passphrase.size() < kShortestPassphrase || passphrase.size() > kLongestPassphrase) {
    return fail(ErrorCode::kInvalidArgument, "passphrase: 12 to 1024 bytes");
  }
  Salt salt{};
  Nonce nonce{};
  fill_random(salt);
  fill_random(nonce);
  Key key;
  if (!key.derive(passphrase, salt)) return fail(ErrorCode::kResourceExhausted, "no memory to seal the export");
  const std::string_view text = plain.reveal();
  const std::string extra = bound_to();
  std::string sealed(text.size() + kTag, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<std::uint8_t*>(sealed.data()), nullptr, bytes_of(text),
                                             text.size(), bytes_of(extra), extra.size(), nullptr, nonce.data(),
                                             key.data());
  return json::serialize(json::object{{"format", kFormat},
                                      {"version", kVersion},
                                      {"salt", to_base64(salt.data(), salt.size())},
                                      {"nonce", to_base64(nonce.data(), nonce.size())},
                                      {"sealed", to_base64(bytes_of(sealed), sealed.size())}});
}

Result<Secret> open_under(std::string_view passphrase, std::string_view envelope) {
  if (envelope.size() > kLongestEnvelope) return fail(ErrorCode::kInvalidArgument, "envelope: at most 8 MiB");
  if (passphrase.size() > kLongestPassphrase) return fail(ErrorCode::kInvalidArgument, "passphrase: too long");
  boost::system::error_code wrong;
  const json::value root = json::parse(envelope, wrong);
  if (wrong || !root.is_object()) return no_envelope();
  const json::object& object = root.get_object();
  const json::value* format = object.if_contains("format");
  const json::value* version = object.if_contains("version");
  if (format == nullptr || *format != json::value(kFormat) || version == nullptr) return no_envelope();
  if (*version != json::value(kVersion)) {
    return fail(ErrorCode::kInvalidArgument, "envelope: made by a later version; this build knows version 1");
  }
  const auto salt_bytes = from_base64(object, "salt");
  const auto nonce = from_base64(object, "nonce");
  const auto sealed = from_base64(object, "sealed");
  Salt salt{};
  if (!salt_bytes || salt_bytes->size() != salt.size() || !nonce || nonce->size() != Nonce{}.size() || !sealed ||
      sealed->size() < kTag) {
    return no_envelope();
  }
  std::copy(salt_bytes->begin(), salt_bytes->end(), salt.begin());
  Key key;
  if (!key.derive(passphrase, salt)) return fail(ErrorCode::kResourceExhausted, "no memory to open the export");
  const std::string extra = bound_to();
  std::string plain(sealed->size() - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<std::uint8_t*>(plain.data()), nullptr, nullptr,
                                                 bytes_of(*sealed), sealed->size(), bytes_of(extra), extra.size(),
                                                 bytes_of(*nonce), key.data()) != 0) {
    return fail(ErrorCode::kInvalidArgument, "passphrase: it is not the export's, or the export was changed");
  }
  return Secret(std::move(plain));
}

}  // namespace sluice::accounts
