#include "controlplane/oidc/jose.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <utility>

namespace sluice::oidc {

namespace {

namespace json = boost::json;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Maker = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

constexpr int kShortestRsa = 2048;
constexpr int kLongestRsa = 8192;
constexpr std::size_t kP256Bytes = 32;

// Without padding, and in its one canonical form.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::optional<json::object> object_in(std::string_view text) {
  boost::system::error_code bad;
  json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_in(const json::object& jwk, std::string_view name) {
  const auto bytes = from_base64url(text_of(jwk, name));
  if (!bytes || bytes->empty() || bytes->size() > kLongestRsa / 8) return nullptr;
  return Number(BN_bin2bn(bytes_of(*bytes), static_cast<int>(bytes->size()), nullptr));
}

std::shared_ptr<EVP_PKEY> made_key(const char* kind, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const Maker maker(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> rsa_key(const json::object& jwk) {
  const Number modulus = number_in(jwk, "n");
  const Number exponent = number_in(jwk, "e");
  if (!modulus || !exponent || BN_num_bits(exponent.get()) > 64 || !BN_is_odd(exponent.get()) ||
      BN_is_one(exponent.get())) {
    return nullptr;
  }
  const int bits = BN_num_bits(modulus.get());
  if (bits < kShortestRsa || bits > kLongestRsa) return nullptr;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return made_key("RSA", builder.get());
}

// OpenSSL refuses points that are not on the curve.
std::shared_ptr<EVP_PKEY> p256_key(const json::object& jwk) {
  const auto x = from_base64url(text_of(jwk, "x"));
  const auto y = from_base64url(text_of(jwk, "y"));
  if (text_of(jwk, "crv") != "P-256" || !x || !y || x->size() != kP256Bytes || y->size() != kP256Bytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return made_key("EC", builder.get());
}

std::optional<PublicKey> key_in(const json::object& jwk) {
  const std::string use = text_of(jwk, "use");
  if (!use.empty() && use != "sig") return std::nullopt;
  PublicKey key;
  key.id = text_of(jwk, "kid");
  const std::string kind = text_of(jwk, "kty");
  key.algorithm = kind == "EC" ? Algorithm::kEs256 : Algorithm::kRs256;
  const std::string algorithm = text_of(jwk, "alg");
  if (!algorithm.empty() && algorithm != (kind == "EC" ? "ES256" : "RS256")) return std::nullopt;
  if (kind == "RSA") key.key = rsa_key(jwk);
  if (kind == "EC") key.key = p256_key(jwk);
  if (!key.key) return std::nullopt;
  return key;
}

// JWS has r and s side by side (RFC 7518 section 3.4), OpenSSL wants them in DER.
std::optional<std::string> der_of(const std::string& signature) {
  if (signature.size() != 2 * kP256Bytes) return std::nullopt;
  const EcSignature pair(ECDSA_SIG_new());
  Number r(BN_bin2bn(bytes_of(signature), kP256Bytes, nullptr));
  Number s(BN_bin2bn(bytes_of(signature) + kP256Bytes, kP256Bytes, nullptr));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return std::nullopt;
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kUnauthenticated, "the provider's ID token " + std::string(why));
}

}  // namespace

Result<std::vector<PublicKey>> parse_keys(std::string_view text) {
  const auto set = object_in(text);
  const json::value* list = set ? set->if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array()) return fail(ErrorCode::kInvalidArgument, "this is no set of keys");
  std::vector<PublicKey> keys;
  for (const json::value& jwk : list->get_array()) {
    if (!jwk.is_object() || keys.size() == kMostKeys) continue;
    if (auto key = key_in(jwk.get_object())) keys.push_back(std::move(*key));
  }
  return keys;
}

Result<SignedToken> parse_token(std::string_view token) {
  if (token.size() > kLongestToken) return refused("is too long");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return refused("does not have three parts");
  }
  const auto head_text = from_base64url(token.substr(0, first));
  const auto claims_text = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!head_text || !claims_text || !signature) return refused("is damaged");
  const auto head = object_in(*head_text);
  auto claims = object_in(*claims_text);
  if (!head || !claims) return refused("is damaged");
  const std::string algorithm = text_of(*head, "alg");
  if (algorithm != "RS256" && algorithm != "ES256") return refused("is not signed with RS256 or ES256");
  if (head->contains("crit")) return refused("has extensions that are not known here");
  return SignedToken{.algorithm = algorithm == "ES256" ? Algorithm::kEs256 : Algorithm::kRs256,
                     .key_id = text_of(*head, "kid"),
                     .signed_text = std::string(token.substr(0, second)),
                     .signature = std::move(*signature),
                     .claims = std::move(*claims)};
}

const PublicKey* key_for(const SignedToken& token, const std::vector<PublicKey>& keys) {
  const PublicKey* found = nullptr;
  for (const PublicKey& key : keys) {
    if (key.algorithm != token.algorithm) continue;
    if (!token.key_id.empty() && key.id == token.key_id) return &key;
    if (!token.key_id.empty()) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

bool verify(const SignedToken& token, const PublicKey& key) {
  if (key.algorithm != token.algorithm) return false;
  std::string signature = token.signature;
  if (key.algorithm == Algorithm::kEs256) {
    auto der = der_of(signature);
    if (!der) return false;
    signature = std::move(*der);
  }
  const Digest digest(EVP_MD_CTX_new());
  const bool good = digest && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.key.get()) == 1 &&
                    EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(token.signed_text),
                                     token.signed_text.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace sluice::oidc
