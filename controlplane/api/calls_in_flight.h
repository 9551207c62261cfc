// RPCs that REST has begun and that are not answered, so that a stop can cancel them and wait. Any thread.
#pragma once

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

namespace sluice::api {

class CallsInFlight {
 public:
  // False after cancel(): the call must not begin. Whoever enters must leave, as the last thing and without another
  // reference to the context: a context keeps its channel, which must not end on one of gRPC's own threads.
  [[nodiscard]] bool enter(const std::shared_ptr<grpc::ClientContext>& context);
  void leave(const grpc::ClientContext* context);

  // Cancels all and lets none begin any more.
  void cancel();
  // Blocks until all have left.
  void wait();

 private:
  using Contexts = std::map<const grpc::ClientContext*, std::shared_ptr<grpc::ClientContext>>;

  std::mutex mutex_;
  std::condition_variable left_;
  Contexts contexts_;
  bool cancelled_ = false;
};

}  // namespace sluice::api
