#include "common/io/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace sluice::io {

namespace {

constexpr std::size_t kMaxHostBytes = 255;  // also what SOCKS5 can carry

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHostBytes && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(host, error);
  return !error;
}

Result<Proxy::Kind> kind_of(std::string_view scheme) {
  if (scheme == "http") return Proxy::Kind::kHttpConnect;
  if (scheme == "socks5h") return Proxy::Kind::kSocks5;
  if (scheme == "socks5") {
    return fail(ErrorCode::kInvalidArgument,
                "write socks5h:// for a SOCKS5 proxy: it is the proxy that resolves names");
  }
  return fail(ErrorCode::kInvalidArgument, "a proxy URL begins with http:// or socks5h://");
}

}  // namespace

std::string Proxy::to_string() const {
  const std::string_view scheme = kind == Kind::kSocks5 ? "socks5h" : "http";
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme, brackets ? "[" : "", host, brackets ? "]" : "", port);
}

// No message repeats the text: a password that was written into it would end up in a log.
Result<Proxy> parse_proxy_url(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "a proxy URL looks like http://host:port or socks5h://host:port");
  }
  Result<Proxy::Kind> kind = kind_of(lower(url.substr(0, scheme_end)));
  if (!kind) return std::unexpected(std::move(kind.error()));
  const std::string_view authority = url.substr(scheme_end + 3);
  if (authority.find('@') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "a proxy URL must not hold a user name or password: they are given apart");
  }
  const std::size_t colon = authority.rfind(':');
  const bool bracketed = authority.starts_with('[');
  if (colon == std::string_view::npos || (bracketed && (colon == 0 || authority[colon - 1] != ']'))) {
    return fail(ErrorCode::kInvalidArgument, "a proxy URL must end with its port, as in http://host:3128");
  }
  Proxy proxy{.kind = *kind, .host = lower(authority.substr(0, colon)), .port = 0, .username = {}, .password = {}};
  if (bracketed) proxy.host = proxy.host.substr(1, proxy.host.size() - 2);
  if (bracketed ? !is_ipv6(proxy.host) : !is_name(proxy.host)) {
    return fail(ErrorCode::kInvalidArgument,
                "the host of a proxy URL must be a name, an IPv4 address or [IPv6 address]");
  }
  const std::string_view port = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), proxy.port);
  if (error != std::errc() || end != port.data() + port.size() || proxy.port == 0) {
    return fail(
        ErrorCode::kInvalidArgument,
        "a proxy URL must end with its port between 1 and 65535, as in http://host:3128, and nothing behind it");
  }
  return proxy;
}

}  // namespace sluice::io
