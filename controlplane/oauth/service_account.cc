#include "controlplane/oauth/service_account.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

namespace sluice::oauth {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestKeyFile = 16 * 1024;
constexpr std::chrono::seconds kLife{3'600};
constexpr int kFewestBits = 2'048;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string base64url(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kVariant);
  out.pop_back();  // the terminating zero
  return out;
}

// Null if it is no RSA key of a fair length.
Key read_rsa_key(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  // Never asks a terminal for a pass phrase.
  pem_password_cb* refuse = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, nullptr), &EVP_PKEY_free);
  const bool good =
      key != nullptr && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA && EVP_PKEY_bits(key.get()) >= kFewestBits;
  return good ? std::move(key) : Key(nullptr, &EVP_PKEY_free);
}

std::string sign(EVP_PKEY* key, std::string_view text) {
  const Digest digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1) {
    return {};
  }
  std::string out(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) != 1) {
    return {};
  }
  out.resize(size);
  return out;
}

}  // namespace

bool is_service_account(const Secret& secret) {
  // No refresh token begins so: they are of printable characters without blanks and quotes.
  return secret.reveal().starts_with('{');
}

Result<ServiceAccountKey> read_service_account(const Secret& text) {
  const auto refused = [](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("key_json: {}", why));
  };
  if (text.reveal().size() > kLongestKeyFile) return refused("at most 16 KiB");
  boost::system::error_code bad;
  const json::value value = json::parse(text.reveal(), bad);
  if (bad || !value.is_object()) return refused("must be the JSON file of a service account");
  const json::object& object = value.get_object();
  if (text_of(object, "type") != "service_account") return refused("its type must be service_account");
  ServiceAccountKey key{.email = text_of(object, "client_email"),
                        .key_id = text_of(object, "private_key_id"),
                        .token_url = text_of(object, "token_uri"),
                        .private_key_pem = Secret(text_of(object, "private_key"))};
  if (key.email.empty() || key.token_url.empty()) return refused("client_email and token_uri are required");
  if (read_rsa_key(key.private_key_pem.reveal()) == nullptr) {
    return refused("private_key must be an RSA key of 2048 bits or more, in PEM, without a pass phrase");
  }
  return key;
}

Result<Secret> make_assertion(const ServiceAccountKey& key, const std::vector<std::string>& scopes, SystemTime now) {
  const auto issued = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  json::object header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!key.key_id.empty()) header["kid"] = key.key_id;
  const json::object claims{{"iss", key.email},
                            {"scope", fmt::format("{}", fmt::join(scopes, " "))},
                            {"aud", key.token_url},
                            {"iat", issued},
                            {"exp", issued + kLife.count()}};
  const std::string signed_part = base64url(json::serialize(header)) + "." + base64url(json::serialize(claims));
  const Key rsa = read_rsa_key(key.private_key_pem.reveal());
  const std::string signature = rsa == nullptr ? std::string() : sign(rsa.get(), signed_part);
  if (signature.empty()) return fail(ErrorCode::kInvalidArgument, "the service account's key cannot sign");
  return Secret(signed_part + "." + base64url(signature));
}

Result<Secret> service_account_assertion(const store::OAuthClient& client, const Secret& key_json,
                                         const std::vector<std::string>& scopes, SystemTime now) {
  const auto key = read_service_account(key_json);
  if (!key) return std::unexpected(key.error());
  if (key->token_url != client.token_url) {
    return fail(ErrorCode::kInvalidArgument,
                "key_json: its token_uri is not the OAuth client's token_url, where keys are sent");
  }
  return make_assertion(*key, scopes.empty() ? client.scopes : scopes, now);
}

}  // namespace sluice::oauth
