// The talk with a proxy until its tunnel to the target is open: what to send and what the answers mean, without I/O.
// For the dialer and its tests; one connection each.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/io/proxy.h"

namespace sluice::io {

// Why no connection came about through a proxy.
struct ProxyError {
  Error error;
  // False: the proxy does its work, the target behind it is the trouble, or the caller gave up.
  bool proxy_failed = true;
};

class ProxyHandshake {
 public:
  virtual ~ProxyHandshake() = default;

  // What is to be sent before the next bytes are awaited; empty: nothing. Holds credentials: never to be logged.
  [[nodiscard]] virtual std::string take_outgoing() = 0;
  // Bytes from the proxy, cut anywhere. True: the tunnel is open and the next byte is the target's. Bytes that come
  // before their time are an error (kDataLoss), so are answers that are malformed or too long.
  [[nodiscard]] virtual std::expected<bool, ProxyError> receive(std::string_view bytes) = 0;
};

// `host` is a name or a numeric address without brackets, at most 255 bytes. kInvalidArgument if it, or the
// credentials, cannot be expressed to such a proxy.
[[nodiscard]] Result<std::unique_ptr<ProxyHandshake>> begin_proxy_handshake(const Proxy& proxy, std::string_view host,
                                                                            std::uint16_t port);

}  // namespace sluice::io
