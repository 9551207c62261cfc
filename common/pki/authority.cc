#include "common/pki/authority.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>

#include "common/pki/openssl.h"
#include "common/pki/request.h"
#include "common/pki/request_parser.h"

namespace sluice::pki {

namespace {

struct Extension {
  int id;
  std::string value;
};

// 127 random bits: positive, and never the same twice.
bool set_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7f;
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_time(ASN1_TIME* into, SystemTime time) {
  return ASN1_TIME_set(into, std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()) !=
         nullptr;
}

// `issuer` may be the certificate itself.
bool add_extensions(X509& certificate, X509& issuer, std::span<const Extension> extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> made(
        X509V3_EXT_conf_nid(nullptr, &context, extension.id, extension.value.c_str()));
    if (made == nullptr || X509_add_ext(&certificate, made.get(), -1) != 1) return false;
  }
  return true;
}

X509Ptr start_certificate(std::string_view common_name, const Validity& validity, EVP_PKEY& key) {
  X509Ptr certificate(X509_new());
  if (certificate == nullptr) return nullptr;
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const bool made = X509_set_version(certificate.get(), X509_VERSION_3) == 1 && set_serial(*certificate) &&
                    set_time(X509_getm_notBefore(certificate.get()), validity.from) &&
                    set_time(X509_getm_notAfter(certificate.get()), validity.to) &&
                    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                               reinterpret_cast<const unsigned char*>(common_name.data()),
                                               static_cast<int>(common_name.size()), -1, 0) == 1 &&
                    X509_set_pubkey(certificate.get(), &key) == 1;
  return made ? std::move(certificate) : nullptr;
}

Result<std::string> sign(const Authority& authority, X509Ptr certificate, std::span<const Extension> extensions) {
  const auto issuer = parse_certificate(authority.certificate_pem);
  if (!issuer) return std::unexpected(issuer.error());
  const auto key = parse_key(authority.key_pem.reveal());
  if (!key) return std::unexpected(key.error());
  const bool made =
      certificate != nullptr && X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer->get())) == 1 &&
      add_extensions(*certificate, **issuer, extensions) && X509_sign(certificate.get(), key->get(), EVP_sha256()) > 0;
  if (!made) return openssl_failed("signing a certificate");
  return to_pem(*certificate);
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

// Names are letters, digits, dots, hyphens, colons and asterisks: nothing else may reach OpenSSL's little language.
Result<std::string> alternative_names(std::span<const std::string> names) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*";
  std::string out;
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_not_of(kAllowed) != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "\"" + name + "\" is neither a DNS name nor an IP address");
    }
    out += (out.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  if (out.empty()) return fail(ErrorCode::kInvalidArgument, "a server's certificate needs a name");
  return out;
}

}  // namespace

Result<Authority> make_authority(std::string_view common_name, const Validity& validity) {
  auto key_pem = make_key();
  if (!key_pem) return std::unexpected(key_pem.error());
  const auto key = parse_key(key_pem->reveal());
  if (!key) return std::unexpected(key.error());
  const X509Ptr certificate = start_certificate(common_name, validity, **key);
  const std::array extensions{Extension{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                              Extension{NID_key_usage, "critical,keyCertSign,cRLSign"},
                              Extension{NID_subject_key_identifier, "hash"}};
  const bool made = certificate != nullptr &&
                    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1 &&
                    add_extensions(*certificate, *certificate, extensions) &&
                    X509_sign(certificate.get(), key->get(), EVP_sha256()) > 0;
  if (!made) return openssl_failed("making a certificate authority");
  auto pem = to_pem(*certificate);
  if (!pem) return std::unexpected(pem.error());
  return Authority{.certificate_pem = std::move(*pem), .key_pem = std::move(*key_pem)};
}

Result<std::string> sign_client(const Authority& authority, std::string_view request_pem, std::string_view common_name,
                                const Validity& validity) {
  const auto request = parse_request(request_pem);
  if (!request) return std::unexpected(request.error());
  const std::array extensions{Extension{NID_basic_constraints, "critical,CA:FALSE"},
                              Extension{NID_key_usage, "critical,digitalSignature"},
                              Extension{NID_ext_key_usage, "clientAuth"}, Extension{NID_subject_key_identifier, "hash"},
                              Extension{NID_authority_key_identifier, "keyid:always"}};
  return sign(authority, start_certificate(common_name, validity, *X509_REQ_get0_pubkey(request->get())), extensions);
}

Result<std::string> sign_server(const Authority& authority, const Secret& key_pem, std::span<const std::string> names,
                                const Validity& validity) {
  const auto key = parse_key(key_pem.reveal());
  if (!key) return std::unexpected(key.error());
  auto alternatives = alternative_names(names);
  if (!alternatives) return std::unexpected(alternatives.error());
  const std::array extensions{Extension{NID_basic_constraints, "critical,CA:FALSE"},
                              Extension{NID_key_usage, "critical,digitalSignature"},
                              Extension{NID_ext_key_usage, "serverAuth"},
                              Extension{NID_subject_alt_name, std::move(*alternatives)},
                              Extension{NID_subject_key_identifier, "hash"},
                              Extension{NID_authority_key_identifier, "keyid:always"}};
  return sign(authority, start_certificate("sluice control plane", validity, **key), extensions);
}

}  // namespace sluice::pki
