// One worker's access to Redis: commands with a time limit, pipelined on one connection that is remade whenever it
// ends. While Redis is away or does not answer, commands fail at once; nothing waits for it, nothing needs it to start.
// One per worker, used on its thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/io/task.h"
#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/redis/endpoint.h"
#include "dataplane/redis/reply.h"
#include "dataplane/redis/script.h"

namespace sluice::redis {

struct ClientOptions {
  Endpoint endpoint;
  std::string user;  // ACL user; only with a password
  Secret password;   // empty: no AUTH
  unsigned database = 0;
  std::chrono::milliseconds command_limit{50};
  std::chrono::milliseconds connect_limit{1000};  // name, connect, AUTH, scripts
  std::chrono::milliseconds retry_base{50};       // before connecting or probing again, with full jitter
  std::chrono::milliseconds retry_cap{2000};
  std::chrono::milliseconds silence_limit{3000};  // a connection that answers nothing for so long is given up
  unsigned failures_to_open = 3;                  // commands without an answer, in a row, that stop further ones
};

class ClientState;

class Client {
 public:
  // `worker` and `metrics` must outlive it.
  Client(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& metrics);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  // pending commands fail with kClosed

  // Before start(): a script to load on every connection, and what to do first when Redis can be used (again).
  // Commands sent from `on_up` precede all others. The script must outlive the client.
  void add_script(const Script& script);
  void on_up(std::function<void()> call);
  // Connects, now and for ever. Called once.
  void start();

  // Connected, and answering.
  [[nodiscard]] bool available() const;

  // Errors: kUnavailable: not sent, or refused by Redis for now. kDeadlineExceeded, kClosed: sent, the outcome is
  // unknown. Others: refused by Redis.
  [[nodiscard]] io::Task<Result<Reply>> command(std::vector<std::string> arguments);
  [[nodiscard]] io::Task<Result<Reply>> command(std::vector<std::string> arguments, SteadyTime deadline);
  // EVALSHA; loads the script and tries again if Redis has forgotten it. Keys of one call share a hash tag.
  [[nodiscard]] io::Task<Result<Reply>> eval(const Script& script, std::vector<std::string> keys,
                                             std::vector<std::string> arguments);
  // Sent in order with the others, the reply is dropped. False if it was not sent.
  bool fire(const std::vector<std::string>& arguments);
  // The same for a script; a script that Redis has forgotten is not noticed.
  bool fire_eval(const Script& script, const std::vector<std::string>& keys, const std::vector<std::string>& arguments);

 private:
  std::shared_ptr<ClientState> state_;
  io::Worker& worker_;
};

}  // namespace sluice::redis
