// The HTTP side of the control plane on a thread of its own. One thread makes, stops and destroys it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/http/message_server.h"
#include "common/io/worker.h"
#include "controlplane/api/rest.h"

namespace sluice::api {

class RestServer {
 public:
  // Listens at once. `address` is a numeric address. `clock` and the gRPC server behind `channel` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RestServer>> start(const std::string& address, std::uint16_t port,
                                                                 const std::shared_ptr<grpc::Channel>& channel,
                                                                 const Clock& clock, RestOptions options);
  RestServer(const RestServer&) = delete;
  RestServer& operator=(const RestServer&) = delete;
  // Calls that are still under way are cancelled and waited for.
  ~RestServer();

  [[nodiscard]] std::uint16_t port() const;
  // Takes no more connections and waits for the requests under way, at most `limit`; then answers them with 503.
  void drain(std::chrono::milliseconds limit);

 private:
  RestServer(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock, RestOptions options)
      : worker_(0, clock), rest_(channel, clock, std::move(options)) {}

  [[nodiscard]] bool await_idle(std::chrono::milliseconds limit) const;

  io::Worker worker_;
  Rest rest_;
  std::unique_ptr<http::MessageServer> server_;
  std::thread thread_;
};

}  // namespace sluice::api
