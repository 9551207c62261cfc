#include "common/pki/request.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <array>
#include <span>

#include "common/base/hex.h"
#include "common/pki/openssl.h"
#include "common/pki/request_parser.h"

namespace sluice::pki {

namespace {

// Far more than a request with a P-256 key needs.
constexpr std::size_t kMostBytes = 8 * 1024;

bool is_p256(EVP_PKEY& key) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  return EVP_PKEY_get_base_id(&key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(&key, group.data(), group.size(), &length) == 1 &&
         std::string_view(group.data(), length) == "prime256v1";
}

}  // namespace

Result<Secret> make_key() {
  const Key key(EVP_EC_gen("P-256"));
  const Bio out(BIO_new(BIO_s_secmem()));
  if (key == nullptr || out == nullptr) return openssl_failed("making a key");
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_failed("writing a key");
  }
  return Secret(text_of(*out));
}

Result<std::string> make_request(const Secret& key_pem, std::string_view common_name) {
  const auto key = parse_key(key_pem.reveal());
  if (!key) return std::unexpected(key.error());
  const RequestPtr request(X509_REQ_new());
  const Bio out(BIO_new(BIO_s_mem()));
  if (request == nullptr || out == nullptr) return openssl_failed("making a request");
  X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  const bool made = X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                               reinterpret_cast<const unsigned char*>(common_name.data()),
                                               static_cast<int>(common_name.size()), -1, 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key->get()) == 1 &&
                    X509_REQ_sign(request.get(), key->get(), EVP_sha256()) > 0 &&
                    PEM_write_bio_X509_REQ(out.get(), request.get()) == 1;
  if (!made) return openssl_failed("making a request");
  return text_of(*out);
}

Result<RequestPtr> parse_request(std::string_view pem) {
  if (pem.size() > kMostBytes) return fail(ErrorCode::kInvalidArgument, "csr_pem: too long for a request");
  RequestPtr request(PEM_read_bio_X509_REQ(reader(pem).get(), nullptr, nullptr, nullptr));
  EVP_PKEY* key = request == nullptr ? nullptr : X509_REQ_get0_pubkey(request.get());
  ERR_clear_error();
  if (key == nullptr) return fail(ErrorCode::kInvalidArgument, "csr_pem: must be a PKCS #10 request in PEM format");
  if (!is_p256(*key)) return fail(ErrorCode::kInvalidArgument, "csr_pem: the key must be EC P-256");
  const bool signed_by_key = X509_REQ_verify(request.get(), key) == 1;
  ERR_clear_error();
  if (!signed_by_key) return fail(ErrorCode::kInvalidArgument, "csr_pem: not signed by its own key");
  return request;
}

Result<std::string> key_of_request(std::string_view request_pem) {
  const auto request = parse_request(request_pem);
  if (!request) return std::unexpected(request.error());
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(request->get()), &der);
  if (size <= 0) return openssl_failed("reading a public key");
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> hash{};
  SHA256(der, static_cast<std::size_t>(size), hash.data());
  OPENSSL_free(der);
  return to_hex(hash);
}

}  // namespace sluice::pki
