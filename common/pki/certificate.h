// What a certificate says. Free functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::pki {

struct Certificate {
  std::string serial;  // lower-case hex, as OpenSSL prints it without leading zeros
  std::string common_name;
  SystemTime not_before{};
  SystemTime not_after{};
  bool for_clients = false;  // may open a connection (extended key usage)
  bool for_servers = false;
};

// Of the first certificate in the text; whoever signed it. kInvalidArgument if there is none.
[[nodiscard]] Result<Certificate> read_certificate(std::string_view pem);

// The moment at which two thirds of its life are over: renew it from then on.
[[nodiscard]] SystemTime renewal_time(const Certificate& certificate);

}  // namespace sluice::pki
