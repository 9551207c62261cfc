// OpenSSL's objects with owners, and PEM text to and from them. For common/pki only.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::pki {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

// kInternal with OpenSSL's own words; empties its queue of errors.
[[nodiscard]] std::unexpected<Error> openssl_failed(std::string_view doing);

[[nodiscard]] Bio reader(std::string_view text);
[[nodiscard]] std::string text_of(BIO& bio);
// kInvalidArgument if it is none.
[[nodiscard]] Result<Key> parse_key(std::string_view pem);
[[nodiscard]] Result<X509Ptr> parse_certificate(std::string_view pem);
[[nodiscard]] Result<std::string> to_pem(X509& certificate);

}  // namespace sluice::pki
