#include "controlplane/accounts/base_url_guard.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>
#include <memory>

#include "common/http/client_pool.h"

namespace sluice::accounts {

namespace {

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
  v4 = address_of(inner);
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
      addresses.push_back(address_of(reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr));
    } else if (entry->ai_family == AF_INET6) {
      Address address{};
      std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6*>(entry->ai_addr)->sin6_addr, address.size());
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace

bool is_internal(const Address& address) {
  Address inner{};
  const Address& checked = embedded_v4(address, inner) ? inner : address;
  return contains(internal_networks(), checked);
}

Result<std::string> BaseUrlGuard::check(const std::string& base_url) const {
  const auto parsed = http::parse_base_url(base_url);
  if (!parsed) return fail(ErrorCode::kInvalidArgument, "base_url: " + parsed.error().message);
  const auto addresses = resolve(parsed->origin.host);
  if (!addresses) return std::unexpected(addresses.error());
  // The number is checked, not the text: resolvers accept 127.1, 0x7f.1 and worse.
  for (const Address& address : *addresses) {
    if (contains(allowed_, address)) continue;
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
