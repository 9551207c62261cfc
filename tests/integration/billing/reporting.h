// The two ends of the way of usage: a control plane that can be stopped, and a node's journal.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "controlplane/billing/usage_service.h"
#include "dataplane/usage/uploader.h"
#include "tests/integration/billing/books.h"
#include "tests/support/temp_dir.h"

namespace sluice::billing::testing {

using sluice::testing::TempDir;
using usage::Journal;

inline constexpr std::string_view kToken = "a-node-token";

// A control plane that can be stopped and started again on the same unix socket.
class Server {
 public:
  Server(Books& books, const TempDir& dir) : books_(books), address_("unix:" + (dir / "grpc.sock").string()) {
    start();
  }
  ~Server() { stop(); }
  void start() {
    service_.emplace(books_.ingest(), books_.decisions(), Secret(std::string(kToken)));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    builder.RegisterService(&*service_);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  // Cuts every stream at once.
  void stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }
  // Waits for every stream, without a limit, after telling them to end.
  void stop_gently() {
    service_->end_streams();
    server_->Shutdown();
    server_->Wait();
    server_.reset();
  }
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const {
    return grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  }

 private:
  Books& books_;
  std::optional<UsageServiceImpl> service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

inline usage::UploaderOptions options(std::string_view token = kToken) {
  return {.node_id = "node-1",
          .node_token = Secret(std::string(token)),
          .batch_events = 50,
          .batch_wait = std::chrono::milliseconds(10),
          .backoff_cap = std::chrono::milliseconds(200)};
}

inline std::unique_ptr<Journal> open_journal(const TempDir& dir, std::size_t queue_limit = 4096) {
  static const RealClock clock;
  return testing::value_of(Journal::open((dir / "journal").string(), clock, {.queue_limit = queue_limit}));
}

// Serves `count` requests; returns what they cost. Catch2 is not thread-safe, so it is not used here.
inline std::int64_t serve(Journal& journal, const std::string& user, int count) {
  std::int64_t cost = 0;
  for (int i = 0; i < count; ++i) {
    const auto event = event_for(user, i % 100);
    if (!journal.intent(event) || !journal.final(event)) std::abort();
    cost += event.cost_nano_usd();
  }
  return cost;
}

}  // namespace sluice::billing::testing
