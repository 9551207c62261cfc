// Which addresses an account's base URL may lead to. Operators type it, so it could point the fleet, with a credential
// in hand, at internal services: https to public addresses only, unless the operator lists a network on purpose.
// Blocking (resolves names); any thread.
#pragma once

#include <string>
#include <vector>

#include "common/base/network.h"
#include "common/base/status.h"

namespace sluice::accounts {

using sluice::Address;
using sluice::contains;
using sluice::Network;
using sluice::parse_network;

// Loopback, link-local, private, shared, multicast, reserved and IPv4-in-IPv6 forms of these.
[[nodiscard]] bool is_internal(const Address& address);

class BaseUrlGuard {
 public:
  // Networks that may be used although they are internal, also over plain http.
  explicit BaseUrlGuard(std::vector<Network> allowed) : allowed_(std::move(allowed)) {}

  // kInvalidArgument naming what is wrong. Returns the "host:port" that a credential for it is bound to.
  [[nodiscard]] Result<std::string> check(const std::string& base_url) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace sluice::accounts
