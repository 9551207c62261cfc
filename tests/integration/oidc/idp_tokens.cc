// Keys, key sets and ID tokens of the provider.
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <stdexcept>

#include "tests/integration/oidc/encoding.h"
#include "tests/integration/oidc/idp.h"

namespace sluice::testing {

namespace {

namespace json = boost::json;

std::string number(EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &value) != 1) throw std::runtime_error("a key without numbers");
  // Coordinates keep their leading zeros.
  const int size = std::max(BN_num_bytes(value), std::string_view(name).starts_with("q") ? 32 : 0);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), size);
  BN_free(value);
  return base64url(bytes);
}

std::string signature_of(EVP_PKEY* key, const std::string& text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, 1024> out{};
  std::size_t size = out.size();
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), out.data(), &size, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size()) != 1) {
    throw std::runtime_error("cannot sign");
  }
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string raw_pair(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
  std::string out(64, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes + 32, 32);
  return out;
}

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  PEM_write_bio_PUBKEY(bio.get(), key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string hmac_of(const std::string& secret, const std::string& text) {
  std::array<unsigned char, 32> out{};
  unsigned size = out.size();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

void apply(const json::object& changes, json::object& into) {
  for (const auto& [key, value] : changes) {
    if (value.is_null()) {
      into.erase(key);
    } else {
      into[key] = value;
    }
  }
}

}  // namespace

void Idp::rotate_keys() {
  const auto owned = [](EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error("cannot make a key");
    return Key(key, EVP_PKEY_free);
  };
  Key rsa = owned(EVP_RSA_gen(2048));
  Key other = owned(EVP_RSA_gen(2048));
  Key p256 = owned(EVP_EC_gen("P-256"));
  const std::lock_guard lock(mutex_);
  rsa_ = std::move(rsa);
  unpublished_rsa_ = std::move(other);
  p256_ = std::move(p256);
  ++generation_;
}

std::string Idp::published() const {
  json::array keys;
  keys.push_back(json::object{{"kty", "RSA"},
                              {"use", "sig"},
                              {"alg", "RS256"},
                              {"kid", fmt::format("rsa-{}", generation_)},
                              {"n", number(rsa_.get(), OSSL_PKEY_PARAM_RSA_N)},
                              {"e", number(rsa_.get(), OSSL_PKEY_PARAM_RSA_E)}});
  keys.push_back(json::object{{"kty", "EC"},
                              {"crv", "P-256"},
                              {"kid", fmt::format("ec-{}", generation_)},
                              {"x", number(p256_.get(), OSSL_PKEY_PARAM_EC_PUB_X)},
                              {"y", number(p256_.get(), OSSL_PKEY_PARAM_EC_PUB_Y)}});
  keys.push_back(json::object{{"kty", "oct"}, {"kid", "a kind of the future"}, {"k", "AAAA"}});
  return json::serialize(json::object{{"keys", std::move(keys)}});
}

std::string Idp::id_token(const Code& code) const {
  const bool ec = shape_.algorithm == "ES256";
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  json::object header{{"alg", shape_.algorithm}, {"typ", "JWT"}};
  if (shape_.names_key) header["kid"] = fmt::format("{}-{}", ec ? "ec" : "rsa", generation_);
  apply(shape_.header, header);
  json::object claims{{"iss", issuer()},
                      {"aud", kClientId},
                      {"sub", code.someone.subject},
                      {"iat", now},
                      {"exp", now + 300},
                      {"nonce", code.nonce},
                      {"email", code.someone.email},
                      {"email_verified", code.someone.email_verified},
                      {"name", code.someone.name}};
  apply(shape_.claims, claims);
  const std::string text = base64url(json::serialize(header)) + "." + base64url(json::serialize(claims));
  if (shape_.algorithm == "none") return text + ".";
  if (shape_.algorithm == "HS256") return text + "." + base64url(hmac_of(pem_of(rsa_.get()), text));
  if (ec) return text + "." + base64url(raw_pair(signature_of(p256_.get(), text)));
  return text + "." + base64url(signature_of(shape_.forged ? unpublished_rsa_.get() : rsa_.get(), text));
}

}  // namespace sluice::testing
