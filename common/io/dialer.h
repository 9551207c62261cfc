// Opens connections to servers: name, TCP, and TLS with the certificate always checked; directly or through a proxy.
// One worker.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/io/cancel.h"
#include "common/io/proxy.h"
#include "common/io/proxy_handshake.h"
#include "common/io/stream.h"
#include "common/io/worker.h"

namespace sluice::io {

struct DialTarget {
  std::string host;  // name or numeric address, without brackets; the certificate must be for it
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_pem;  // the only CAs to trust; empty: the system's
};

class Dialer {
 public:
  explicit Dialer(Worker& worker);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // Tries the addresses of the host one after another, each with its share of the time. Errors name the host.
  // `cancel` may be null.
  [[nodiscard]] Task<Result<Stream>> dial(DialTarget target, SteadyTime deadline, Cancel* cancel);

  // The same through a tunnel of the proxy, which resolves the target's name: here it is never looked up. TLS is with
  // the target, not with the proxy. Nothing is dialled but the proxy.
  [[nodiscard]] Task<std::expected<Stream, ProxyError>> dial_through(std::shared_ptr<const Proxy> proxy,
                                                                     DialTarget target, SteadyTime deadline,
                                                                     Cancel* cancel);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::io
