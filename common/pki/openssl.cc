#include "common/pki/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace sluice::pki {

std::unexpected<Error> openssl_failed(std::string_view doing) {
  char words[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, words, sizeof words);
  ERR_clear_error();
  return fail(ErrorCode::kInternal, fmt::format("{}: {}", doing, words));
}

Bio reader(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

Result<Key> parse_key(std::string_view pem) {
  // No key of ours has a passphrase, and nobody is there to be asked for one.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) return fail(ErrorCode::kInvalidArgument, "no private key in PEM format");
  return key;
}

Result<X509Ptr> parse_certificate(std::string_view pem) {
  X509Ptr certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return fail(ErrorCode::kInvalidArgument, "no certificate in PEM format");
  return certificate;
}

Result<std::string> to_pem(X509& certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_X509(out.get(), &certificate) != 1) return openssl_failed("writing PEM");
  return text_of(*out);
}

}  // namespace sluice::pki
