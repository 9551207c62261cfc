#include "tests/support/redis_server.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.h"

namespace sluice::testing {
namespace {

// The first line of the answer; empty if the server cannot be reached.
std::string ask(const std::string& socket_path, const std::string& command) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
  std::string answer;
  const std::string line = command + "\r\n";
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
    for (char byte = 0; recv(fd, &byte, 1, 0) == 1 && byte != '\r';)
      answer += byte;
  }
  close(fd);
  return answer;
}

}  // namespace

RedisServer::RedisServer(std::uint16_t tcp_port, std::vector<std::string> arguments)
    : tcp_port_(tcp_port), arguments_(std::move(arguments)) {
  start();
}

RedisServer::~RedisServer() = default;

void RedisServer::start() {
  std::vector<std::string> argv = {"redis-server",
                                   "--port",
                                   std::to_string(tcp_port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--unixsocket",
                                   socket_path(),
                                   "--unixsocketperm",
                                   "700",
                                   "--dir",
                                   dir_.path().string(),
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no"};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  process_ = std::make_unique<Process>(ProcessOptions{.argv = argv, .log = dir_ / "log", .cwd = dir_.path()});
  const bool ready =
      eventually(kGenerous, [this] { return !process_->running() || ask(socket_path(), "PING") == "+PONG"; });
  if (!ready || !process_->running()) throw std::runtime_error("Redis did not start: " + process_->log_text());
}

std::string RedisServer::run(const std::string& command) {
  std::string answer = ask(socket_path(), command);
  if (answer.empty()) throw std::runtime_error("Redis does not answer " + command);
  return answer;
}

void RedisServer::kill9() {
  process_->kill(SIGKILL);
  (void)process_->wait(kGenerous);
}

void RedisServer::stop() {
  process_->kill(SIGCONT);
  process_->kill(SIGTERM);
  if (!process_->wait(kGenerous)) throw std::runtime_error("Redis did not stop: " + process_->log_text());
}

void RedisServer::restart() {
  if (process_->running()) stop();
  start();
}

void RedisServer::pause() {
  process_->kill(SIGSTOP);
}

void RedisServer::resume() {
  process_->kill(SIGCONT);
}

}  // namespace sluice::testing
