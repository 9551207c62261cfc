// A private Redis for tests: a unix socket (and a TCP port of 127.0.0.1 on request), nothing kept on disk.
// Construct it on the main thread; members from one thread at a time. Members throw std::runtime_error on failure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace sluice::testing {

class RedisServer {
 public:
  // `tcp_port` 0: unix socket only. `arguments`: further redis-server arguments.
  explicit RedisServer(std::uint16_t tcp_port = 0, std::vector<std::string> arguments = {});
  ~RedisServer();

  [[nodiscard]] std::string socket_path() const { return (dir_ / "redis.sock").string(); }
  // "unix:///path/redis.sock".
  [[nodiscard]] std::string url() const { return "unix://" + socket_path(); }

  // One inline command, e.g. "FLUSHALL"; returns the first line of the answer without its end, e.g. "+OK" or ":3".
  std::string run(const std::string& command);

  // A crash: everything is lost.
  void kill9();
  // An orderly end; everything is lost too.
  void stop();
  // Starts an empty one on the same socket; stops the running one first.
  void restart();
  // Freezes the server: connections stay open, nothing answers.
  void pause();
  void resume();

 private:
  void start();

  TempDir dir_;
  std::uint16_t tcp_port_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::testing
