#include "tests/integration/alerts/receiver.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <stdexcept>

namespace sluice::testing {

std::string Received::field(const std::string& name) const {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

Receiver::Receiver() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0) {
    throw std::runtime_error("the receiver cannot listen");
  }
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Receiver::~Receiver() {
  stopped_ = true;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void Receiver::answer_next(std::vector<int> statuses) {
  const std::lock_guard lock(mutex_);
  statuses_.assign(statuses.begin(), statuses.end());
}

void Receiver::body_next(std::vector<std::string> bodies) {
  const std::lock_guard lock(mutex_);
  bodies_.assign(bodies.begin(), bodies.end());
}

std::vector<Received> Receiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

void Receiver::run() {
  while (!stopped_) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    serve(connection);
    close(connection);
  }
}

void Receiver::serve(int connection) {
  std::string text;
  char buffer[4096];
  std::size_t end = std::string::npos;
  std::size_t wanted = 0;
  while (end == std::string::npos || text.size() < end + 4 + wanted) {
    const ssize_t n = recv(connection, buffer, sizeof buffer, 0);
    if (n <= 0) return;
    text.append(buffer, static_cast<std::size_t>(n));
    if (end != std::string::npos) continue;
    end = text.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    for (std::size_t i = 0; i < end; ++i)
      text[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
    const std::size_t length = text.find("content-length: ");
    wanted = length < end ? std::stoul(text.substr(length + 16)) : 0;
  }
  int status = 200;
  std::string said;
  {
    const std::lock_guard lock(mutex_);
    received_.push_back({text.substr(0, end + 2), text.substr(end + 4)});
    if (!statuses_.empty()) {
      status = statuses_.front();
      statuses_.pop_front();
    }
    if (!bodies_.empty()) {
      said = bodies_.front();
      bodies_.pop_front();
    }
  }
  const std::string answer = "HTTP/1.1 " + std::to_string(status) +
                             " Said\r\ncontent-length: " + std::to_string(said.size()) +
                             "\r\nconnection: close\r\n\r\n" + said;
  (void)send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
}

}  // namespace sluice::testing
