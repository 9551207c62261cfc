// IP addresses and networks, for lists of who may come and where one may go. Plain values, any thread.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/status.h"

namespace sluice {

// An address as 16 bytes; IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

[[nodiscard]] Address address_of(const in_addr& v4);
// nullopt unless it is a numeric address without zone, port or brackets.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

struct Network {
  Address prefix{};
  unsigned bits = 0;  // of 128
};
// "10.0.0.0/8", "fd00::/8".
[[nodiscard]] Result<Network> parse_network(std::string_view text);
[[nodiscard]] bool contains(const Network& network, const Address& address);
[[nodiscard]] bool contains(std::span<const Network> networks, const Address& address);

}  // namespace sluice
