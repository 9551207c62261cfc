#include "tests/fakes/anthropic/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace sluice::fakes {

namespace {

std::uint64_t monotonic_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

int listen_on(const std::string& address, std::uint16_t& port, std::string& error) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) {
    error = "--listen needs an IPv4 address, not '" + address + "'";
    return -1;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  socklen_t size = sizeof name;
  if (bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0 || listen(fd, 4096) != 0) {
    error = "cannot listen on " + address + ":" + std::to_string(port) + ": " + std::strerror(errno);
    close(fd);
    return -1;
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  port = ntohs(name.sin_port);
  return fd;
}

Loop::Loop(int listener, SSL_CTX* tls, Responder& responder, Books& books)
    : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)), tls_(tls), responder_(responder), books_(books) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void Loop::run() {
  std::array<epoll_event, 512> events;
  while (true) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), wait_ms());
    now_ = monotonic_ms();
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener_) {
        accept_all();
      } else {
        serve(events[i].data.fd, events[i].events);
      }
    }
    run_timers();
  }
}

int Loop::wait_ms() const {
  if (timers_.empty()) return -1;
  const std::uint64_t now = monotonic_ms();
  return timers_.top().due <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(timers_.top().due - now, 60'000));
}

void Loop::accept_all() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (bool reset = false; books_.refuses(reset)) {
      const linger now{.l_onoff = reset ? 1 : 0, .l_linger = 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      close(fd);
      continue;
    }
    if (slots_.size() <= static_cast<std::size_t>(fd)) slots_.resize(static_cast<std::size_t>(fd) + 64);
    Slot& slot = slots_[fd];
    slot.connection = std::make_unique<Connection>(fd, tls_, responder_, books_);
    slot.generation = next_generation_++;
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Loop::serve(int fd, std::uint32_t events) {
  Connection* connection = slots_[fd].connection.get();
  if (connection == nullptr) return;
  bool alive = true;
  if (events & EPOLLOUT) alive = connection->on_writable(now_);
  if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) alive = connection->on_readable(now_);
  settle(fd, alive);
}

void Loop::run_timers() {
  while (!timers_.empty() && timers_.top().due <= now_) {
    const Timer timer = timers_.top();
    timers_.pop();
    Slot& slot = slots_[timer.fd];
    if (slot.generation != timer.generation || slot.connection == nullptr) continue;
    slot.connection->armed_due = 0;
    settle(timer.fd, slot.connection->on_due(now_));
  }
}

void Loop::settle(int fd, bool alive) {
  Slot& slot = slots_[fd];
  if (!alive) {
    slot.connection.reset();
    return;
  }
  Connection& connection = *slot.connection;
  if (connection.wants_write() != connection.write_armed) {
    connection.write_armed = connection.wants_write();
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (connection.write_armed) event.events |= EPOLLOUT;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  }
  const std::uint64_t due = connection.due();
  if (due == 0 || due == connection.armed_due) return;
  connection.armed_due = due;
  timers_.push({due, slot.generation, fd});
}

}  // namespace sluice::fakes
