// A server whose answers are written by the test, byte by byte, on the test's own worker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/client_pool.h"
#include "tests/unit/io/task_runner.h"

namespace sluice::http {

// What the server does after one request was read: sends the parts, one write each, and closes or goes on.
struct Script {
  std::vector<std::string> parts;
  enum class Then { kKeep, kClose, kReset } then = Then::kKeep;
  bool wait_for_request = true;
};

class ScriptedServer {
 public:
  explicit ScriptedServer(io::Worker& worker);

  // The next requests are answered so, in the order in which they come. Beyond the list nothing is answered.
  void will(Script script) { scripts_.push_back(std::move(script)); }
  // The same by the bytes of one answer.
  void will_answer(std::string bytes) { will(Script{.parts = {std::move(bytes)}}); }
  // Closes all connections now, as a server does whose idle limit has passed.
  void close_all();

  [[nodiscard]] Origin origin() const { return Origin{.tls = false, .host = "127.0.0.1", .port = port_, .ca_pem = {}}; }
  [[nodiscard]] int connections() const { return connections_; }
  // Head and body of each request, as received.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  static io::Task<> serve(ScriptedServer* self, std::shared_ptr<io::Stream> stream);
  static io::Task<bool> read_request(ScriptedServer* self, io::Stream& stream);

  io::Worker& worker_;
  io::Listener listener_;
  std::uint16_t port_;
  std::vector<std::weak_ptr<io::Stream>> streams_;
  std::vector<Script> scripts_;
  std::size_t next_ = 0;
  std::vector<std::string> requests_;
  int connections_ = 0;
};

struct Fetched {
  unsigned status = 0;
  std::string body;
  bool by_close = false;
  std::optional<ClientError> error;
};

// One GET or, with a body, POST, its answer read to the end.
io::Task<Fetched> fetch(ClientPool& pool, Origin origin, std::string body, SteadyTime deadline = io::soon());

}  // namespace sluice::http
