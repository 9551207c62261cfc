// A real listener with ServerConnections on a thread of its own, and a handler that notes what it was asked.
//   /stream     answers the body in chunks of at most 16 bytes        /large   answers 1 MiB of 'x'
//   /unread     answers 401 without reading the body                  other    answers "METHOD target\n" and the body
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/http/server_connection.h"

namespace sluice::http {

struct Dispatched {
  std::string method;
  std::string path;
  std::string body;
};

class EchoServer {
 public:
  explicit EchoServer(ServerLimits limits = {});
  ~EchoServer();

  static constexpr std::size_t kMaxBody = 1024 * 1024;
  [[nodiscard]] std::uint16_t port() const;
  // The requests whose head and body were accepted, since the last call.
  [[nodiscard]] std::vector<Dispatched> take_dispatched();
  // Connections that are served now.
  [[nodiscard]] int sessions() const;
  // Exceptions that came out of sessions; each is a fault.
  [[nodiscard]] std::uint64_t exceptions() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace sluice::http
