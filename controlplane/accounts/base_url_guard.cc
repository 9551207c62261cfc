#include "controlplane/accounts/base_url_guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "common/http/client_pool.h"

namespace sluice::accounts {

namespace {

Address from_v4(const in_addr& v4) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, &v4, 4);
  return address;
}

// nullopt-like: false if the text is no numeric address. `v4` tells which family it was.
bool parse_address(const std::string& text, Address& address, bool& v4) {
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
    address = from_v4(four);
    v4 = true;
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  std::memcpy(address.data(), &six, address.size());
  v4 = false;
  return true;
}

// RFC 6890 and its successors: nothing public lives here.
const std::vector<Network>& internal_networks() {
  static const std::vector<Network> networks = [] {
    std::vector<Network> all;
    for (std::string_view text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
          "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8"}) {
      all.push_back(*parse_network(text));
    }
    return all;
  }();
  return networks;
}

// NAT64 and 6to4 carry an IPv4 address that counts as itself.
bool embedded_v4(const Address& address, Address& v4) {
  static const Network nat64 = *parse_network("64:ff9b::/96");
  static const Network six_to_four = *parse_network("2002::/16");
  in_addr inner{};
  if (contains(nat64, address)) {
    std::memcpy(&inner, address.data() + 12, 4);
  } else if (contains(six_to_four, address)) {
    std::memcpy(&inner, address.data() + 2, 4);
  } else {
    return false;
  }
  v4 = from_v4(inner);
  return true;
}

Result<std::vector<Address>> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &raw); error != 0) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("base_url: the host {} cannot be resolved: {}", host, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(raw, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      addresses.push_back(from_v4(reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr));
    } else if (entry->ai_family == AF_INET6) {
      Address address{};
      std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6*>(entry->ai_addr)->sin6_addr, address.size());
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace

Result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  Network network;
  bool v4 = false;
  const auto refused = [text] {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is no network; write it as 10.0.0.0/8 or fd00::/8", text));
  };
  if (slash == std::string_view::npos || !parse_address(std::string(text.substr(0, slash)), network.prefix, v4)) {
    return refused();
  }
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

bool is_internal(const Address& address) {
  Address inner{};
  const Address& checked = embedded_v4(address, inner) ? inner : address;
  return std::any_of(internal_networks().begin(), internal_networks().end(),
                     [&checked](const Network& network) { return contains(network, checked); });
}

Result<std::string> BaseUrlGuard::check(const std::string& base_url) const {
  const auto parsed = http::parse_base_url(base_url);
  if (!parsed) return fail(ErrorCode::kInvalidArgument, "base_url: " + parsed.error().message);
  const auto addresses = resolve(parsed->origin.host);
  if (!addresses) return std::unexpected(addresses.error());
  // The number is checked, not the text: resolvers accept 127.1, 0x7f.1 and worse.
  for (const Address& address : *addresses) {
    const bool listed = std::any_of(allowed_.begin(), allowed_.end(),
                                    [&address](const Network& network) { return contains(network, address); });
    if (listed) continue;
    if (is_internal(address)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("base_url: {} leads to an internal address; list its network in allow_private_upstreams "
                              "if you mean it",
                              parsed->origin.host));
    }
    if (!parsed->origin.tls) {
      return fail(ErrorCode::kInvalidArgument, "base_url: https is required for public addresses");
    }
  }
  return parsed->origin.host_and_port();
}

}  // namespace sluice::accounts
