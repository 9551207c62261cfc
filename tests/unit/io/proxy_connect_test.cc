#include "common/io/proxy_connect.h"

#include <catch2/catch.hpp>
#include <random>

#include "common/io/proxy_handshake.h"

namespace sluice::io {
namespace {

using Received = std::expected<bool, ProxyError>;

Proxy http_proxy(std::string username = {}, std::string password = {}) {
  return Proxy{.kind = Proxy::Kind::kHttpConnect,
               .host = "proxy",
               .port = 3128,
               .username = std::move(username),
               .password = Secret(std::move(password))};
}

std::string request_of(const Proxy& proxy, std::string_view host, std::uint16_t port) {
  Result<std::unique_ptr<ProxyHandshake>> handshake = begin_proxy_handshake(proxy, host, port);
  REQUIRE(handshake.has_value());
  std::string request = (*handshake)->take_outgoing();
  CHECK((*handshake)->take_outgoing().empty());
  return request;
}

// Gives the answer in pieces of `piece` bytes, until the handshake has come to its end.
Received answered(std::string_view answer, std::size_t piece, const Proxy& proxy = http_proxy()) {
  Result<std::unique_ptr<ProxyHandshake>> handshake = begin_proxy_handshake(proxy, "upstream.test", 443);
  REQUIRE(handshake.has_value());
  Received received = false;
  while (!answer.empty() && received && !*received) {
    const std::string bytes(answer.substr(0, piece));
    answer.remove_prefix(bytes.size());
    received = (*handshake)->receive(bytes);
  }
  return received;
}

TEST_CASE("connect: the request") {
  CHECK(request_of(http_proxy(), "upstream.test", 443) ==
        "CONNECT upstream.test:443 HTTP/1.1\r\nHost: upstream.test:443\r\nUser-Agent: sluice\r\n\r\n");
  CHECK(request_of(http_proxy("Aladdin", "open sesame"), "::1", 80) ==
        "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: sluice\r\n"
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  const std::string longest(255, 'a');
  CHECK(request_of(http_proxy(), longest, 1).starts_with("CONNECT " + longest + ":1 HTTP/1.1\r\n"));
}

TEST_CASE("connect: hosts that would change the request are refused, with either kind of proxy") {
  const std::string host =
      GENERATE(as<std::string>(), "", "a b", "a\r\nX: y", "a/b", "[::1]", "fe80::1%eth0", "a:b", std::string(256, 'a'));
  const Proxy::Kind kind = GENERATE(Proxy::Kind::kHttpConnect, Proxy::Kind::kSocks5);
  Proxy proxy = http_proxy();
  proxy.kind = kind;
  Result<std::unique_ptr<ProxyHandshake>> handshake = begin_proxy_handshake(proxy, host, 443);
  REQUIRE_FALSE(handshake.has_value());
  CHECK(handshake.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("connect: a user name with a colon cannot be sent") {
  CHECK_FALSE(begin_proxy_handshake(http_proxy("a:b", "c"), "upstream.test", 443).has_value());
}

TEST_CASE("connect: an open tunnel, however the answer is cut") {
  const std::string answer =
      GENERATE(as<std::string>(), "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 Connection established\r\n\r\n",
               "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 204 \r\nVia: 1.1 x\r\nContent-Length: 17\r\nX:\r\n\r\n");
  for (std::size_t piece = 1; piece <= answer.size(); ++piece) {
    const Received received = answered(answer, piece);
    REQUIRE(received.has_value());
    REQUIRE(*received);
  }
  for (std::size_t kept = 1; kept < answer.size(); ++kept) {
    const Received received = answered(std::string_view(answer).substr(0, kept), 3);
    REQUIRE(received.has_value());
    REQUIRE_FALSE(*received);
  }
}

TEST_CASE("connect: malformed answers are refused") {
  const std::string answer = GENERATE(
      as<std::string>(), "SSH-2.0-x\r\n", "\x05\xff", "\x15\x03\x03", "HTTP/2 200 \r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\nX: y\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n\x16");
  const Received received = answered(answer, 1000);
  REQUIRE_FALSE(received.has_value());
  CHECK(received.error().error.code == ErrorCode::kDataLoss);
  CHECK(received.error().proxy_failed);
}

TEST_CASE("connect: an answer is not read without end") {
  const std::string endless = "HTTP/1.1 200 OK\r\n" + std::string(1 << 20, 'x');
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{4096}, std::size_t{1} << 20);
  const Received received = answered(endless, piece);
  REQUIRE_FALSE(received.has_value());
  CHECK(received.error().error.code == ErrorCode::kDataLoss);

  const std::string longest =
      "HTTP/1.1 200 OK\r\nX: " + std::string(kMaxConnectAnswerBytes - 24, 'x') + "\r\n\r\n";  // to the byte
  REQUIRE(longest.size() == kMaxConnectAnswerBytes);
  CHECK(answered(longest, piece).has_value());
}

TEST_CASE("connect: who is to blame for a refusal") {
  const auto [status, code, proxy_failed] = GENERATE(table<std::string, ErrorCode, bool>({
      {"407", ErrorCode::kUnauthenticated, true},
      {"403", ErrorCode::kUnavailable, true},
      {"500", ErrorCode::kUnavailable, true},
      {"100", ErrorCode::kUnavailable, true},
      {"302", ErrorCode::kUnavailable, true},
      {"502", ErrorCode::kUnavailable, false},
      {"503", ErrorCode::kUnavailable, false},
      {"504", ErrorCode::kUnavailable, false},
  }));
  const Received received = answered("HTTP/1.1 " + status + " x\r\nContent-Length: 4\r\n\r\nbody", 1000);
  REQUIRE_FALSE(received.has_value());
  CHECK(received.error().error.code == code);
  CHECK(received.error().proxy_failed == proxy_failed);
  CHECK(received.error().error.message.find(status) != std::string::npos);
}

TEST_CASE("connect: a refused login is told from a missing one") {
  const std::string answer = "HTTP/1.1 407 x\r\n\r\n";
  const Received without = answered(answer, 1000);
  const Received with = answered(answer, 1000, http_proxy("user", "hunter2"));
  CHECK(without.error().error.message.find("none are set") != std::string::npos);
  CHECK(with.error().error.message.find("refuses") != std::string::npos);
  CHECK(with.error().error.message.find("hunter2") == std::string::npos);
}

TEST_CASE("connect: random answers in random pieces end in bounds, and the same in one piece") {
  std::mt19937 random(3);
  const std::string good = "HTTP/1.1 200 OK\r\nVia: 1.1 x\r\n\r\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string answer = good;
    for (unsigned changes = random() % 3; changes > 0; --changes)
      answer[random() % answer.size()] = static_cast<char>(random());
    const Received whole = answered(answer, answer.size());
    const Received cut = answered(answer, 1 + random() % 7);
    REQUIRE(whole.has_value() == cut.has_value());
    if (whole) REQUIRE(*whole == *cut);
  }
}

}  // namespace
}  // namespace sluice::io
