// Where Redis listens. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::redis {

struct Endpoint {
  std::string unix_path;  // if not empty, host and port are unused
  std::string host;
  std::uint16_t port = 0;

  // For logs: "unix:/run/redis.sock" or "host:6379".
  [[nodiscard]] std::string to_string() const;
};

// "unix:/path", "unix:///path", "host:port", "[::1]:port".
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace sluice::redis
