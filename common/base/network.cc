#include "common/base/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace sluice {

namespace {

bool is_v4(const Address& address) {
  static const Network mapped{.prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, .bits = 96};
  return contains(mapped, address);
}

}  // namespace

Address address_of(const in_addr& v4) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, &v4, 4);
  return address;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, terminated.c_str(), &four) == 1) return address_of(four);
  if (inet_pton(AF_INET6, terminated.c_str(), &six) != 1) return std::nullopt;
  Address address{};
  std::memcpy(address.data(), &six, address.size());
  return address;
}

Result<Network> parse_network(std::string_view text) {
  const auto refused = [text] {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is no network; write it as 10.0.0.0/8 or fd00::/8", text));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refused();
  const std::string_view prefix = text.substr(0, slash);
  const std::optional<Address> address = parse_address(prefix);
  if (!address) return refused();
  Network network{.prefix = *address};
  const bool v4 = is_v4(*address) && prefix.find(':') == std::string_view::npos;
  const std::string_view bits = text.substr(slash + 1);
  const auto [rest, error] = std::from_chars(bits.data(), bits.data() + bits.size(), network.bits);
  if (error != std::errc{} || rest != bits.data() + bits.size() || network.bits > (v4 ? 32U : 128U)) return refused();
  if (v4) network.bits += 96;
  return network;
}

bool contains(const Network& network, const Address& address) {
  const unsigned whole = network.bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, network.prefix.begin())) return false;
  const unsigned rest = network.bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (address[whole] & mask) == (network.prefix[whole] & mask);
}

bool contains(std::span<const Network> networks, const Address& address) {
  return std::ranges::any_of(networks, [&](const Network& network) { return contains(network, address); });
}

}  // namespace sluice
