// An outbound proxy: how to reach a server that is not dialled directly. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::io {

struct Proxy {
  enum class Kind : std::uint8_t { kHttpConnect, kSocks5 };
  Kind kind = Kind::kHttpConnect;
  std::string host;  // name or address, without brackets
  std::uint16_t port = 0;
  std::string username;  // empty: no authentication
  Secret password;

  // For logs and decision records: "socks5h://host:port", without credentials.
  [[nodiscard]] std::string to_string() const;
};

// "http://host:port" or "socks5h://host:port"; nothing else in it, credentials are given apart. Names are resolved by
// the proxy in both kinds.
[[nodiscard]] Result<Proxy> parse_proxy_url(std::string_view url);

}  // namespace sluice::io
