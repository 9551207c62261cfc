// E-mail addresses that mail may be sent to. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::mail {

// Only what every server takes and no header or command can be broken with: a dot-atom, @, and a host name (RFC 5321
// section 4.1.2, without quoted parts, address literals and non-ASCII characters). kInvalidArgument naming `field`.
[[nodiscard]] Result<> check_address(std::string_view field, std::string_view address);

// What stands behind the @, in lower case; empty if there is none.
[[nodiscard]] std::string domain_of(std::string_view address);

}  // namespace sluice::mail
