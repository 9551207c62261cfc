// The address that libcurl is about to dial, for guards in its open-socket callback. Pure; any thread.
#pragma once

#include <curl/curl.h>

#include <optional>

#include "common/base/network.h"

namespace sluice::accounts {

// None for what is neither IPv4 nor IPv6.
[[nodiscard]] std::optional<Address> dialed_address(const curl_sockaddr& socket);

}  // namespace sluice::accounts
