// Which addresses an account's base URL may lead to. Operators type it, so it could point the fleet, with a credential
// in hand, at internal services: https to public addresses only, unless the operator lists a network on purpose.
// Blocking (resolves names); any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace sluice::accounts {

// An address as 16 bytes; IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

struct Network {
  Address prefix{};
  unsigned bits = 0;  // of 128
};
// "10.0.0.0/8", "fd00::/8".
[[nodiscard]] Result<Network> parse_network(std::string_view text);
[[nodiscard]] bool contains(const Network& network, const Address& address);
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
