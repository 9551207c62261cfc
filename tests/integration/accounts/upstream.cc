#include "tests/integration/accounts/upstream.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace sluice::testing {

namespace {

bool say(int client, const std::string& bytes) {
  return send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool is_whole(const std::string& request) {
  const std::size_t head = request.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  const std::size_t length = request.find("Content-Length: ");
  return length == std::string::npos || request.size() >= head + 4 + std::stoul(request.substr(length + 16));
}

}  // namespace

Upstream::Upstream(std::string head, std::string body, End end)
    : head_(std::move(head)), body_(std::move(body)), end_(end) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the upstream cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Upstream::~Upstream() {
  stopped_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
}

std::string Upstream::request() const {
  const std::lock_guard lock(mutex_);
  return request_;
}

void Upstream::accept_all() {
  while (!stopped_) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    serve(client);
    close(client);
    ++ended_;
  }
}

void Upstream::serve(int client) {
  std::string request;
  std::array<char, 4096> buffer{};
  while (!is_whole(request)) {
    const ssize_t got = recv(client, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    request.append(buffer.data(), static_cast<std::size_t>(got));
  }
  {
    const std::lock_guard lock(mutex_);
    request_ = request;
  }
  bool there = say(client, head_ + "\r\nConnection: close\r\n\r\n" + body_);
  while (there && end_ == End::kEndless && !stopped_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    there = say(client, body_);
  }
}

}  // namespace sluice::testing
