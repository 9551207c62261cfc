// The answer to one client, as far as it has gone out. Before the commit point a streaming client hears nothing but
// keepalives, sent from here while the request waits for slots or upstreams; after it the relay writes. One worker.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/http/server_connection.h"
#include "common/io/event.h"
#include "common/io/timer_wheel.h"
#include "common/io/worker.h"
#include "dataplane/protocol/protocol.h"

namespace sluice::request {

class ClientAnswer final : private io::TimerWheel::Entry {
 public:
  ClientAnswer(io::Worker& worker, http::ServerConnection& client, const std::string& request_id)
      : worker_(worker), client_(client), request_id_(request_id) {}
  ClientAnswer(const ClientAnswer&) = delete;
  ClientAnswer& operator=(const ClientAnswer&) = delete;

  // From now on the client gets a keepalive after `first` and then every `period` of silence, until quiet().
  // The first one starts the answer: status 200 and an event stream.
  void keep_alive(const protocol::Protocol& protocol, std::chrono::milliseconds first,
                  std::chrono::milliseconds period);
  // Ends the keepalives and waits for one that is being written. Before any other write, and before destruction.
  [[nodiscard]] io::Task<> quiet();

  // A byte went out: errors can only be events of the stream any more.
  [[nodiscard]] bool started() const { return client_.answer_started(); }
  // Starts a stream with the given head, or goes on with the one that a keepalive has started.
  [[nodiscard]] io::Task<Result<>> start_stream(unsigned status, std::span<const http::Field> fields,
                                                std::string_view first);
  [[nodiscard]] io::Task<Result<>> write(std::string_view bytes) { return client_.write_chunk(bytes); }
  [[nodiscard]] io::Task<Result<>> end(std::string_view last) { return client_.end_stream(last); }

  // A keepalive could not be written: the client is gone.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  void on_deadline() override;
  static io::Task<> send_keepalive(ClientAnswer* self);

  io::Worker& worker_;
  http::ServerConnection& client_;
  const std::string& request_id_;
  const protocol::Protocol* protocol_ = nullptr;  // while keepalives are wanted
  std::chrono::milliseconds period_{};
  std::optional<io::Event> written_;  // made with the first keepalive
  bool writing_ = false;
  bool broken_ = false;
};

}  // namespace sluice::request
