#include "tests/support/egress_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace sluice::testing {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Moves what is readable; at the end of one side tells the other.
bool pump(int from, int to) {
  char buffer[16 * 1024];
  const ssize_t got = ::recv(from, buffer, sizeof(buffer), 0);
  if (got <= 0) {
    ::shutdown(to, SHUT_WR);
    return false;
  }
  return send_all(to, std::string_view(buffer, static_cast<std::size_t>(got)));
}

}  // namespace

EgressProxy::EgressProxy(Kind kind, std::string username, std::string password)
    : kind_(kind), username_(std::move(username)), password_(std::move(password)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(listener_);
    throw std::runtime_error("the test proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

EgressProxy::~EgressProxy() {
  stop();
  for (std::thread& session : sessions_)
    session.join();
}

void EgressProxy::stop() {
  if (stopped_.exchange(true)) return;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  const std::lock_guard lock(mutex_);
  for (const int socket : sockets_)
    ::shutdown(socket, SHUT_RDWR);
}

void EgressProxy::knows(std::string name) {
  const std::lock_guard lock(mutex_);
  names_.insert(std::move(name));
}

void EgressProxy::set_mood(Mood mood, std::string answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
  mood_ = mood;
}

std::string EgressProxy::url() const {
  return (kind_ == Kind::kSocks5 ? "socks5h://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::vector<std::string> EgressProxy::targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

std::string EgressProxy::last_messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

void EgressProxy::accept_all() {
  for (;;) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    ++accepted_;
    const std::lock_guard lock(mutex_);
    messages_.clear();
    sockets_.insert(client);
    sessions_.emplace_back([this, client] { serve(client); });
  }
}

void EgressProxy::serve(int client) {
  const int target = kind_ == Kind::kSocks5 ? handshake_socks5(client) : handshake_connect(client);
  if (target >= 0) relay(client, target);
  const std::lock_guard lock(mutex_);
  for (const int socket : {client, target}) {
    if (socket < 0) continue;
    sockets_.erase(socket);
    ::close(socket);
  }
}

bool EgressProxy::take(int client, std::string& message, std::size_t size) {
  const std::size_t start = message.size();
  char byte = 0;
  while (message.size() - start < size) {
    if (::recv(client, &byte, 1, 0) != 1) return false;
    message += byte;
  }
  const std::lock_guard lock(mutex_);
  messages_.append(message, start);
  return true;
}

bool EgressProxy::react(int client, Mood mood) {
  if (mood == Mood::kServe || mood == Mood::kDrip) return true;
  if (mood == Mood::kCut) return false;
  if (mood == Mood::kAnswer) {
    std::string answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answer_;
    }
    send_all(client, answer);
    ::shutdown(client, SHUT_WR);
  }
  char byte = 0;  // until the client goes
  while (::recv(client, &byte, 1, 0) == 1) {
  }
  return false;
}

bool EgressProxy::say(int client, std::string_view bytes) {
  if (mood_ != Mood::kDrip) return send_all(client, bytes);
  for (const char& byte : bytes) {
    if (!send_all(client, std::string_view(&byte, 1))) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

int EgressProxy::open_target(const std::string& host, std::uint16_t port) {
  in_addr numeric{};
  {
    const std::lock_guard lock(mutex_);
    targets_.push_back(host + ":" + std::to_string(port));
    if (!names_.contains(host) && ::inet_pton(AF_INET, host.c_str(), &numeric) != 1) return -1;
  }
  const int target = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(target);
    return -1;
  }
  const std::lock_guard lock(mutex_);
  sockets_.insert(target);
  if (stopped_) ::shutdown(target, SHUT_RDWR);
  ++tunnels_;
  return target;
}

void EgressProxy::relay(int client, int target) {
  pollfd ends[2] = {{client, POLLIN, 0}, {target, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (::poll(ends, 2, -1) < 0) return;
    if (ends[0].revents != 0 && !pump(client, target)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !pump(target, client)) ends[1].fd = -1;
  }
}

}  // namespace sluice::testing
