#include "controlplane/accounts/dialed_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sluice::accounts {

std::optional<Address> dialed_address(const curl_sockaddr& socket) {
  if (socket.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &socket.addr, sizeof(v4));
    return address_of(v4.sin_addr);
  }
  if (socket.family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  // libcurl keeps room for every family behind what it declares.
  std::memcpy(&v6, reinterpret_cast<const char*>(&socket.addr), std::min<std::size_t>(sizeof(v6), socket.addrlen));
  Address address{};
  std::memcpy(address.data(), &v6.sin6_addr, address.size());
  return address;
}

}  // namespace sluice::accounts
