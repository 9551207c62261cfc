// A small certificate authority: makes its own certificate and signs those of others. Keeps nothing. Free functions,
// any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::pki {

struct Authority {
  std::string certificate_pem;
  Secret key_pem;
};

struct Validity {
  SystemTime from;
  SystemTime to;
};

// Signed by its own key; may sign certificates of clients and servers, but no further authorities.
[[nodiscard]] Result<Authority> make_authority(std::string_view common_name, const Validity& validity);

// A client's certificate for the key of the request; nothing else of the request counts. kInvalidArgument as
// key_of_request().
[[nodiscard]] Result<std::string> sign_client(const Authority& authority, std::string_view request_pem,
                                              std::string_view common_name, const Validity& validity);

// A server's certificate for these DNS names and IP addresses, at least one.
[[nodiscard]] Result<std::string> sign_server(const Authority& authority, const Secret& key_pem,
                                              std::span<const std::string> names, const Validity& validity);

}  // namespace sluice::pki
