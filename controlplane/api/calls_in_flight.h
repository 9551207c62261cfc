// RPCs that REST has begun and that are not answered, so that a stop can cancel them and wait. Any thread.
#pragma once

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

namespace sluice::api {

class CallsInFlight {
 public:
  // False after cancel(): the call must not begin. Whoever enters must leave, when nothing of the call is used any
  // more.
  [[nodiscard]] bool enter(const std::shared_ptr<grpc::ClientContext>& context);
  void leave(const std::shared_ptr<grpc::ClientContext>& context);

  // Cancels all and lets none begin any more.
  void cancel();
  // Blocks until all have left.
  void wait();

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::set<std::shared_ptr<grpc::ClientContext>> contexts_;
  bool cancelled_ = false;
};

}  // namespace sluice::api
