// Admin requests over HTTP: routed and transcoded here, then called on the gRPC server in this process, so that
// authentication and services are one path. Used on the HTTP worker's thread; answers may come from gRPC's threads.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/network.h"
#include "common/http/message_server.h"
#include "controlplane/api/calls_in_flight.h"
#include "controlplane/api/route_table.h"
#include "controlplane/api/schema.h"

namespace sluice::api {

struct RestOptions {
  // In /openapi.json.
  std::string version;
  // Of one call.
  std::chrono::milliseconds call_time{30'000};
  // A stream on which nothing happens says so this often.
  std::chrono::milliseconds ping_time{15'000};
  // For /readyz: "" if the process can work, else why not. Must not block.
  std::function<std::string()> not_ready;
  // Whose x-forwarded-for is believed (session_cookie.h).
  std::vector<Network> trusted_proxies = {};
  // Browsers keep session cookies only if they came by https, or from this machine.
  bool secure_cookies = true;
  // For /metrics.
  std::function<std::string()> metrics;
};

class Rest {
 public:
  // `clock` outlives it.
  Rest(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock, RestOptions options);
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;
  // Cancels the calls under way and waits for them; what handles their answers must still be there.
  ~Rest();

  // Answers the calls under way with 503, and every later one. Any thread.
  void cancel_calls() { calls_->cancel(); }
  // Cancels, and blocks until no answer will be given any more. Not on gRPC's threads.
  void finish_calls();

  // For http::MessageServer.
  void handle(http::WholeRequest request, const http::MessageServer::Reply& reply);
  [[nodiscard]] http::WholeAnswer refuse(const http::Refusal& refusal) const;

 private:
  struct Call;
  [[nodiscard]] std::string request_id(const http::WholeRequest& request) const;
  // /healthz, /readyz, /metrics, /openapi.json.
  [[nodiscard]] bool answer_page(const http::WholeRequest& request, const std::string& id,
                                 const http::MessageServer::Reply& reply) const;
  void add_metadata(grpc::ClientContext& context, const http::WholeRequest& request, const std::string& id) const;
  void call(const Route& route, std::string message, const http::WholeRequest& request, std::string id,
            const http::MessageServer::Reply& reply);

  const Clock& clock_;
  const RestOptions options_;
  const std::shared_ptr<const Schema> schema_;
  const RouteTable routes_;
  const std::string openapi_;
  const std::shared_ptr<CallsInFlight> calls_ = std::make_shared<CallsInFlight>();
  grpc::GenericStub stub_;
};

}  // namespace sluice::api
