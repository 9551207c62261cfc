// Private keys and requests for certificates. Every key is EC P-256. Free functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::pki {

// A new private key, PEM.
[[nodiscard]] Result<Secret> make_key();

// A request for a certificate for this key (PKCS #10, PEM), which proves that its maker has the key.
[[nodiscard]] Result<std::string> make_request(const Secret& key_pem, std::string_view common_name);

// SHA-256 of the requested public key, as hex: the same for each request of one key. kInvalidArgument if the text is no
// request, its signature is wrong, or its key is not EC P-256.
[[nodiscard]] Result<std::string> key_of_request(std::string_view request_pem);

}  // namespace sluice::pki
