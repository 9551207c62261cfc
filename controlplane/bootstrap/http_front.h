// The HTTP side of the control plane: REST, /openapi.json, health and metrics. One thread makes and destroys it.
#pragma once

#include <grpcpp/server.h>

#include <cstdint>
#include <memory>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/observe/metrics.h"
#include "controlplane/api/rest_server.h"
#include "controlplane/bootstrap/control_config.h"
#include "controlplane/bootstrap/database_probe.h"
#include "controlplane/db/pool.h"
#include "controlplane/publish/publisher.h"

namespace sluice::bootstrap {

class HttpFront {
 public:
  // Serves at once. All references must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<HttpFront>> open(const ControlConfig& config, const Clock& clock,
                                                               grpc::Server& server, db::Pool& pool,
                                                               const publish::Publisher& publisher,
                                                               observe::MetricsRegistry& metrics);
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;
  // Takes no more connections, waits for the requests under way, then stops.
  ~HttpFront();

  [[nodiscard]] std::uint16_t port() const { return rest_->port(); }

 private:
  explicit HttpFront(db::Pool& pool) : probe_(pool) {}

  DatabaseProbe probe_;
  std::unique_ptr<api::RestServer> rest_;
};

}  // namespace sluice::bootstrap
