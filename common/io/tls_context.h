// Client-side TLS settings: whom to trust. Immutable once made; any thread may open sessions from it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::io {

class TlsContext {
 public:
  // Trusts the CAs in `ca_pem` and only those, or the system's if it is empty. TLS 1.2 or later.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> make(std::string_view ca_pem);

  // A session that will accept only a certificate for `host` (a name or an address). Never null.
  using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;
  [[nodiscard]] Result<Session> open(int descriptor, const std::string& host) const;

 private:
  using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
  explicit TlsContext(Context context) : context_(std::move(context)) {}
  Context context_;
};

// The oldest message of OpenSSL's error queue, which is emptied: "certificate verify failed".
[[nodiscard]] std::string take_tls_error();

}  // namespace sluice::io
