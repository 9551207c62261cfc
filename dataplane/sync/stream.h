// One config stream over gRPC's callback API. gRPC's threads only hand events over; whoever owns the stream handles
// them on a thread of its own. Reading goes on when the last message has been handled: that is the back-pressure.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/secret.h"
#include "sluice/config/v1/config.grpc.pb.h"

namespace sluice::sync {

// Where the control plane is.
struct Endpoint {
  std::string address;  // "host:port"
  Secret token;
  // Empty: plain text, for one machine only. Otherwise TLS with this CA, and a client certificate if given.
  std::string ca_pem = {};
  std::string certificate_pem = {};
  Secret key_pem = {};
};

// Dials when first used; shares its connection with no other channel.
[[nodiscard]] std::shared_ptr<grpc::Channel> open_channel(const Endpoint& endpoint);

class Stream final : public grpc::ClientBidiReactor<config::v1::SubscribeRequest, config::v1::SubscribeResponse> {
 public:
  // Called on gRPC's threads, one at a time per stream; must not block. on_done is the last one. It gets the stream,
  // to let go of it on another thread: a stream takes its channel along, and the last channel waits for the thread that
  // ends its calls.
  struct Events {
    std::function<void()> on_open;
    std::function<void(config::v1::SubscribeResponse)> on_message;
    std::function<void(const grpc::Status&, std::shared_ptr<Stream>)> on_done;
  };
  // Dials. Lives at least until on_done, however long the caller keeps its pointer.
  [[nodiscard]] static std::shared_ptr<Stream> dial(const Endpoint& endpoint, Events events);

  // Thread-safe. Dropped if the stream has ended.
  void send(config::v1::SubscribeRequest message);
  // Asks for the next message; once after each on_message.
  void read_next();
  // Ends the stream; on_done follows, whether or not the last message was handled.
  void cancel();

 private:
  Stream(const Endpoint& endpoint, Events events);
  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  Events events_;
  std::shared_ptr<Stream> self_;  // until OnDone
  std::unique_ptr<config::v1::ConfigService::Stub> stub_;
  grpc::ClientContext context_;
  config::v1::SubscribeResponse incoming_;
  std::mutex mutex_;
  std::deque<config::v1::SubscribeRequest> outgoing_;  // the front one is being written
  bool reading_ = true;                                // dialling reads
  bool cancelled_ = false;
  bool ended_ = false;  // no read follows
};

}  // namespace sluice::sync
