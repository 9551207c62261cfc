#include "common/io/proxy_socks5.h"

#include <catch2/catch.hpp>
#include <random>

namespace sluice::io {
namespace {

using namespace std::string_literals;
using Received = std::expected<bool, ProxyError>;

Proxy socks_proxy(std::string username = {}, std::string password = {}) {
  return Proxy{.kind = Proxy::Kind::kSocks5,
               .host = "proxy",
               .port = 1080,
               .username = std::move(username),
               .password = Secret(std::move(password))};
}

std::unique_ptr<ProxyHandshake> begin(const Proxy& proxy, std::string_view host = "upstream.test") {
  Result<std::unique_ptr<ProxyHandshake>> handshake = begin_proxy_handshake(proxy, host, 443);
  REQUIRE(handshake.has_value());
  return std::move(*handshake);
}

// One answer, cut into pieces of `piece` bytes.
Received give(ProxyHandshake& handshake, std::string_view answer, std::size_t piece) {
  Received received = false;
  while (!answer.empty() && received && !*received) {
    const std::string bytes(answer.substr(0, piece));
    answer.remove_prefix(bytes.size());
    received = handshake.receive(bytes);
  }
  return received;
}

TEST_CASE("socks5: a name is sent as a name, with a login, however the answers are cut") {
  const std::string opened = GENERATE(as<std::string>(), "\5\0\0\1\x7f\0\0\1\0\1"s, "\5\0\0\4"s + std::string(18, 'x'),
                                      "\5\0\0\3\5proxy\0\1"s, "\5\0\0\3\0\0\1"s);
  for (std::size_t piece = 1; piece <= opened.size(); ++piece) {
    const std::unique_ptr<ProxyHandshake> handshake = begin(socks_proxy("user", "pass word"));
    REQUIRE(handshake->take_outgoing() == "\5\2\0\2"s);
    REQUIRE(give(*handshake, "\5\2", piece) == false);
    REQUIRE(handshake->take_outgoing() == "\1\4user\x09pass word"s);
    REQUIRE(give(*handshake, "\1\0"s, piece) == false);
    REQUIRE(handshake->take_outgoing() == "\5\1\0\3\x0dupstream.test\x01\xbb"s);
    REQUIRE(give(*handshake, opened, piece) == true);
    REQUIRE(handshake->take_outgoing().empty());
  }
}

TEST_CASE("socks5: without a login, and a login that the proxy does not want") {
  const std::unique_ptr<ProxyHandshake> plain = begin(socks_proxy());
  CHECK(plain->take_outgoing() == "\5\1\0"s);
  CHECK(give(*plain, "\5\0"s, 2) == false);
  CHECK(plain->take_outgoing().starts_with("\5\1\0\3"s));

  const std::unique_ptr<ProxyHandshake> unwanted = begin(socks_proxy("user", "pass"));
  CHECK(give(*unwanted, "\5\0"s, 2) == false);
  CHECK(unwanted->take_outgoing().starts_with("\5\1\0\3"s));
}

TEST_CASE("socks5: numeric addresses are sent as such, long names whole") {
  const std::string longest(255, 'a');
  const auto [host, command] = GENERATE_COPY(table<std::string, std::string>({
      {"10.1.2.3", "\5\1\0\1\x0a\1\2\3\x01\xbb"s},
      {"2001:db8::1", "\5\1\0\4\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\1\x01\xbb"},
      {longest, "\5\1\0\3\xff"s + longest + "\x01\xbb"},
  }));
  const std::unique_ptr<ProxyHandshake> handshake = begin(socks_proxy(), host);
  CHECK(handshake->take_outgoing() == "\5\1\0"s);
  CHECK(give(*handshake, "\5\0"s, 1) == false);
  CHECK(handshake->take_outgoing() == command);
}

TEST_CASE("socks5: credentials that are too long are refused") {
  const std::string longest(255, 'x');
  CHECK(begin_proxy_handshake(socks_proxy(longest, longest), "upstream.test", 443).has_value());
  CHECK_FALSE(begin_proxy_handshake(socks_proxy(longest + "x", ""), "upstream.test", 443).has_value());
  CHECK_FALSE(begin_proxy_handshake(socks_proxy("u", longest + "x"), "upstream.test", 443).has_value());
}

TEST_CASE("socks5: a refused login names its reason") {
  const std::unique_ptr<ProxyHandshake> without = begin(socks_proxy());
  const Received wants_one = give(*without, "\5\xff", 2);
  REQUIRE_FALSE(wants_one.has_value());
  CHECK(wants_one.error().error.code == ErrorCode::kUnauthenticated);
  CHECK(wants_one.error().error.message.find("none are set") != std::string::npos);

  const std::unique_ptr<ProxyHandshake> wrong = begin(socks_proxy("user", "hunter2"));
  REQUIRE(give(*wrong, "\5\2", 2) == false);
  const Received refused = give(*wrong, "\1\1", 2);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().error.code == ErrorCode::kUnauthenticated);
  CHECK(refused.error().proxy_failed);
  CHECK(refused.error().error.message.find("hunter2") == std::string::npos);
}

// At the reply to the command.
std::unique_ptr<ProxyHandshake> at_reply() {
  std::unique_ptr<ProxyHandshake> handshake = begin(socks_proxy());
  REQUIRE(give(*handshake, "\5\0"s, 2) == false);
  return handshake;
}

TEST_CASE("socks5: reply codes, who is to blame") {
  const auto [reply, proxy_failed, word] = GENERATE(table<char, bool, std::string>({
      {'\1', true, "general failure"},
      {'\2', true, "rules"},
      {'\3', false, "network unreachable"},
      {'\4', false, "host unreachable"},
      {'\5', false, "connection refused"},
      {'\6', false, "too long"},
      {'\7', true, "CONNECT"},
      {'\x08', true, "type of address"},
  }));
  const std::string tail = GENERATE(as<std::string>(), "", "\0\1\0\0\0\0\0\0"s);
  const std::unique_ptr<ProxyHandshake> handshake = at_reply();
  const Received received = give(*handshake, "\5"s + reply + tail, 1);
  REQUIRE_FALSE(received.has_value());
  CHECK(received.error().proxy_failed == proxy_failed);
  CHECK(received.error().error.code == ErrorCode::kUnavailable);
  CHECK(received.error().error.message.find(word) != std::string::npos);
}

TEST_CASE("socks5: malformed answers are refused at every step") {
  const auto [step, answer] = GENERATE(table<int, std::string>({
      {0, "\4"},
      {0, "HTTP/1.1 400 Bad Request\r\n"},
      {0, "\5\1"},
      {0, "\5\2"},
      {0, "\5\0\5"s},
      {1, "\5\0"s},
      {1, "\1\0\5"s},
      {2, "\4"},
      {2, "\5\x09"},
      {2, "\5\0\1\1\0"s},
      {2, "\5\0\0\2\0"s},
      {2, "\5\0\0\1\x7f\0\0\1\0\1x"s},
      {2, "\5\0\0\3\1a\0\1"s + std::string(1 << 16, 'x')},
      {2, "\5\0\0\3\xff"s + std::string(300, 'x')},
  }));
  const std::unique_ptr<ProxyHandshake> handshake = step == 1 ? begin(socks_proxy("u", "p")) : begin(socks_proxy());
  if (step == 1) REQUIRE(give(*handshake, "\5\2", 2) == false);
  if (step == 2) REQUIRE(give(*handshake, "\5\0"s, 2) == false);
  const Received received = give(*handshake, answer, answer.size());
  REQUIRE_FALSE(received.has_value());
  CHECK(received.error().error.code == ErrorCode::kDataLoss);
  CHECK(received.error().proxy_failed);
}

TEST_CASE("socks5: random answers in random pieces end in bounds, and the same in one piece") {
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string answer = "\5\0\0\3\5proxy\0\1"s;
    for (unsigned changes = random() % 3; changes > 0; --changes)
      answer[random() % answer.size()] = static_cast<char>(random());
    const Received whole = give(*at_reply(), answer, answer.size());
    const Received cut = give(*at_reply(), answer, 1 + random() % 5);
    if (whole) {
      REQUIRE(cut.has_value());
      REQUIRE(*whole == *cut);
    } else {
      // Given whole, bytes behind the end are seen; given in pieces, the tunnel was open before they came.
      REQUIRE((!cut || *cut));
    }
  }
}

}  // namespace
}  // namespace sluice::io
