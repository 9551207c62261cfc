// The node's operator endpoint: GET /healthz (the loop turns), /readyz (every check passes), /metrics. On its own
// worker and thread, so that an expensive scrape never delays a request. Plain HTTP: listen on loopback or a private
// network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/observe/metrics.h"

namespace sluice::admin {

// Name and check; called on the server's thread, must not block.
using Checks = std::vector<std::pair<std::string, std::function<Result<>()>>>;

class Server {
 public:
  // Serves from now on. `clock`, `metrics` and what the checks use outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const std::string& address, std::uint16_t port,
                                                            const Clock& clock, Checks checks,
                                                            observe::MetricsRegistry& metrics);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::admin
