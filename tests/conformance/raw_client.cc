#include "tests/conformance/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::http {

namespace {

constexpr int kWaitMilliseconds = 10'000;

}  // namespace

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the test server");
  }
}

RawClient::~RawClient() {
  ::close(socket_);
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::end_sending() {
  ::shutdown(socket_, SHUT_WR);
}

bool RawClient::receive() {
  pollfd waited{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&waited, 1, kWaitMilliseconds) <= 0) throw std::runtime_error("the server neither answered nor closed");
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got < 0) throw std::runtime_error("the server reset the connection");
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::string RawClient::take(std::size_t size) {
  while (received_.size() < size) {
    if (!receive()) throw std::runtime_error("the connection ended inside an answer");
  }
  std::string taken = received_.substr(0, size);
  received_.erase(0, size);
  return taken;
}

std::string RawClient::take_head() {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return std::exchange(received_, {});
  }
  return take(end + 4);
}

std::string RawClient::take_chunks() {
  std::string body;
  for (;;) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n")) == std::string::npos) {
      if (!receive()) throw std::runtime_error("the connection ended inside a chunk");
    }
    const std::size_t size = std::stoul(take(end + 2), nullptr, 16);
    const std::string data = take(size + 2);
    if (!data.ends_with("\r\n")) throw std::runtime_error("a chunk does not end in CRLF");
    if (size == 0) return body;
    body.append(data, 0, size);
  }
}

RawAnswer RawClient::read_answer(bool to_head) {
  for (;;) {
    RawAnswer answer;
    answer.head = take_head();
    if (answer.head.empty()) return answer;
    if (!answer.head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no status line: " + answer.head);
    answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
    if (answer.status == 100) {
      ++continues_;
      continue;
    }
    if (to_head) return answer;
    const std::size_t length = answer.head.find("content-length: ");
    if (length != std::string::npos) answer.body = take(std::stoul(answer.head.substr(length + 16)));
    if (answer.head.find("transfer-encoding: chunked") != std::string::npos) answer.body = take_chunks();
    return answer;
  }
}

std::string RawClient::read_until(std::string_view text) {
  for (;;) {
    const std::size_t at = received_.find(text);
    if (at != std::string::npos) return take(at + text.size());
    if (!receive()) throw std::runtime_error("the connection ended before: " + std::string(text));
  }
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

void RawClient::await_continue() {
  const std::string head = take_head();
  if (head != "HTTP/1.1 100 Continue\r\n\r\n") throw std::runtime_error("no 100 Continue but: " + head);
  ++continues_;
}

}  // namespace sluice::http
