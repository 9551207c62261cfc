#include "common/io/proxy_handshake.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "common/io/proxy_connect.h"
#include "common/io/proxy_socks5.h"

namespace sluice::io {

namespace {

constexpr std::size_t kMaxHostBytes = 255;  // of SOCKS5; no name in DNS is longer

// A host becomes part of a request line: nothing but what names and addresses are made of.
bool is_host(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  if (host.contains(':')) {
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(std::string(host), error);
    return !error && !host.contains('%');
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<std::unique_ptr<ProxyHandshake>> begin_proxy_handshake(const Proxy& proxy, std::string_view host,
                                                              std::uint16_t port) {
  if (!is_host(host)) return fail(ErrorCode::kInvalidArgument, "a proxy cannot be asked for this host name");
  return proxy.kind == Proxy::Kind::kSocks5 ? begin_socks5(proxy, host, port) : begin_connect(proxy, host, port);
}

}  // namespace sluice::io
