// A real gRPC server with a LiveService that streams as a test wants, and REST in front of it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "controlplane/api/rest_server.h"
#include "sluice/admin/v1/live.grpc.pb.h"

namespace sluice::api {

// What WatchOverview does is said by the Last-Event-ID that it gets:
//   "two"     two events, the end        "fail"   one event, then an error
//   "refuse"  an error at once           "flood"  kFlood events of kFloodBytes
//   "wait"    one event, then waits until the call is cancelled
//   "empty"   the end at once
class LiveStore final : public admin::v1::LiveService::Service {
 public:
  static constexpr int kFlood = 2'000;
  static constexpr std::size_t kFloodBytes = 16 * 1024;

  grpc::Status WatchOverview(grpc::ServerContext* context, const admin::v1::WatchOverviewRequest* request,
                             grpc::ServerWriter<admin::v1::WatchOverviewResponse>* writer) override;

  std::atomic<int> watching = 0;
  std::atomic<int> written = 0;
};

class LiveServer {
 public:
  explicit LiveServer(std::chrono::milliseconds ping_time = std::chrono::seconds(15));
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;
  ~LiveServer();

  [[nodiscard]] std::uint16_t port() const { return rest_->port(); }
  [[nodiscard]] RestServer& rest() { return *rest_; }
  void stop_rest() { rest_.reset(); }
  [[nodiscard]] LiveStore& store() { return store_; }

 private:
  const RealClock clock_;
  LiveStore store_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<RestServer> rest_;
};

}  // namespace sluice::api
