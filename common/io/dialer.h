// Opens connections to servers: name, TCP, and TLS with the certificate always checked. One worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/io/cancel.h"
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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::io
