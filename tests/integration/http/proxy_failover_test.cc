#include "tests/integration/http/proxied.h"

namespace sluice::http {
namespace {

using namespace std::string_literals;

std::vector<ProxyPointer> list(const EgressProxy& a, const EgressProxy& b) {
  std::vector<ProxyPointer> proxies(1, pointer_to(a));
  proxies.push_back(pointer_to(b));
  return proxies;
}

io::Task<> in_order(io::Worker& worker) {
  EgressProxy dead(Kind::kSocks5);
  EgressProxy second(Kind::kHttpConnect);
  EgressProxy third(Kind::kSocks5);
  dead.stop();
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  std::vector<ProxyPointer> proxies = list(dead, second);
  proxies.push_back(pointer_to(third));
  for (int i = 0; i < 3; ++i) {
    server.will_answer(kOk);
    Proxied fetched = co_await fetch_through(pool, server.origin(), proxies);
    CHECK(fetched.body == "ok");
    CHECK(fetched.via == second.url());
    if (i > 0) pool.close_idle();
  }
  CHECK(second.accepted() == 2);
  CHECK(third.accepted() == 0);
  CHECK(pool.counters().reuses == 1);
  CHECK(pool.counters().proxies_set_aside == 1);

  // From the one that worked last round the list.
  second.stop();
  server.will_answer(kOk);
  Proxied fetched = co_await fetch_through(pool, server.origin(), proxies);
  CHECK(fetched.body == "ok");
  CHECK(fetched.via == third.url());
  CHECK(pool.counters().proxies_set_aside == 2);
}

TEST_CASE("proxy: the list is tried in order, from the one that worked last") {
  io::TaskRunner runner;
  runner.run(in_order(runner.worker()));
}

struct Fault {
  Mood mood;
  std::string answer;
  std::uint64_t set_aside;
};

io::Task<> next_one(io::Worker& worker, Kind kind, Fault fault) {
  EgressProxy bad(kind);
  EgressProxy good(kind);
  bad.set_mood(fault.mood, fault.answer);
  good.knows(kHiddenName);
  ScriptedServer server(worker);
  ClientPool pool(worker, {.connect = std::chrono::seconds(20)});
  server.will_answer(kOk);
  Proxied fetched = co_await fetch_through(pool, hidden(server), list(bad, good));
  CHECK(fetched.body == "ok");
  CHECK(fetched.via == good.url());
  CHECK(bad.accepted() == 1);
  CHECK(pool.counters().proxies_set_aside == fault.set_aside);
}

TEST_CASE("proxy: an HTTP proxy that fails is followed by the next") {
  const auto [mood, answer, set_aside] = GENERATE(table<Mood, std::string, std::uint64_t>({
      {Mood::kServe, "", 0},  // does not know the name: 502
      {Mood::kCut, "", 1},
      {Mood::kAnswer, "HTTP/1.1 504 Gateway Timeout\r\n\r\n", 0},
      {Mood::kAnswer, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", 1},
      {Mood::kAnswer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 1},
      {Mood::kAnswer, "HTTP/1.1 200 Conn", 1},
      {Mood::kAnswer, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", 1},
      {Mood::kAnswer, "HTTP/1.1 200 OK\r\nX: "s + std::string(1 << 20, 'x'), 1},
      {Mood::kAnswer, "\x05\xff", 1},
  }));
  io::TaskRunner runner;
  runner.run(next_one(runner.worker(), Kind::kHttpConnect, Fault{mood, answer, set_aside}));
}

TEST_CASE("proxy: a SOCKS5 proxy that fails is followed by the next") {
  const auto [mood, answer, set_aside] = GENERATE(table<Mood, std::string, std::uint64_t>({
      {Mood::kServe, "", 0},  // does not know the name: host unreachable
      {Mood::kCut, "", 1},
      {Mood::kAnswer, "\5\xff", 1},
      {Mood::kAnswer, "\5", 1},
      {Mood::kAnswer, "\5\0\5\0\0\1\x7f\0\0\1\0\1"s, 1},
      {Mood::kAnswer, std::string(1 << 20, '\5'), 1},
      {Mood::kAnswer, "HTTP/1.1 400 Bad Request\r\n\r\n", 1},
  }));
  io::TaskRunner runner;
  runner.run(next_one(runner.worker(), Kind::kSocks5, Fault{mood, answer, set_aside}));
}

io::Task<> set_aside(io::Worker& worker) {
  EgressProxy silent(Kind::kHttpConnect);
  EgressProxy second(Kind::kHttpConnect);
  EgressProxy third(Kind::kSocks5);
  silent.set_mood(Mood::kHang);
  ScriptedServer server(worker);
  ClientPool pool(worker, {.connect = std::chrono::seconds(4)});
  server.will_answer(kOk);
  // The first gets its share of the time to connect, no more.
  Proxied fetched = co_await fetch_through(pool, server.origin(), list(silent, second));
  CHECK(fetched.body == "ok");
  CHECK(fetched.via == second.url());
  CHECK(silent.accepted() == 1);

  // What was learnt holds for every list that has it.
  server.will_answer(kOk);
  Proxied other = co_await fetch_through(pool, server.origin(), list(silent, third));
  CHECK(other.body == "ok");
  CHECK(other.via == third.url());
  CHECK(silent.accepted() == 1);
  CHECK(pool.counters().proxies_set_aside == 1);
}

TEST_CASE("proxy: one that takes too long is set aside, for every list") {
  io::TaskRunner runner;
  runner.run(set_aside(runner.worker()));
}

io::Task<> tried_again(io::Worker& worker, std::chrono::milliseconds time) {
  EgressProxy first(Kind::kSocks5);
  EgressProxy second(Kind::kSocks5);
  first.set_mood(Mood::kCut);
  second.set_mood(Mood::kCut);
  ScriptedServer server(worker);
  ClientPool pool(worker, {.proxy_set_aside = time});
  Proxied failed = co_await fetch_through(pool, server.origin(), list(first, second));
  REQUIRE(failed.error.has_value());
  CHECK(failed.error->error.message.find(first.url()) != std::string::npos);
  CHECK(failed.error->error.message.find(second.url()) != std::string::npos);
  first.set_mood(Mood::kServe);
  server.will_answer(kOk);
  Proxied fetched = co_await fetch_through(pool, server.origin(), list(first, second));
  CHECK(fetched.body == "ok");
  CHECK(fetched.via == first.url());
  CHECK(second.accepted() == 1);
}

TEST_CASE("proxy: those set aside are tried when there is no other, and after their time") {
  const std::chrono::milliseconds time = GENERATE(std::chrono::milliseconds(0), std::chrono::milliseconds(30'000));
  io::TaskRunner runner;
  runner.run(tried_again(runner.worker(), time));
}

io::Task<> never_direct(io::Worker& worker) {
  EgressProxy first(Kind::kSocks5);
  EgressProxy second(Kind::kHttpConnect);
  first.stop();
  second.stop();
  ScriptedServer server(worker);  // could be reached directly
  ClientPool pool(worker, {});
  server.will_answer(kOk);
  Fetched direct = co_await fetch(pool, server.origin(), "");
  CHECK(direct.body == "ok");
  // Not even by a connection that is there.
  for (int i = 0; i < 2; ++i) {
    Proxied fetched = co_await fetch_through(pool, server.origin(), list(first, second));
    REQUIRE(fetched.error.has_value());
    CHECK(fetched.error->stage == ClientError::Stage::kConnect);
    CHECK(fetched.error->error.code == ErrorCode::kUnavailable);
  }
  CHECK(server.connections() == 1);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("proxy: when all fail nothing goes directly") {
  io::TaskRunner runner;
  runner.run(never_direct(runner.worker()));
}

io::Task<> apart(io::Worker& worker) {
  EgressProxy first(Kind::kHttpConnect);
  EgressProxy second(Kind::kSocks5);
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  for (int i = 0; i < 2; ++i) {
    for (const EgressProxy* proxy : {&first, &second}) {
      server.will_answer(kOk);
      const std::vector<ProxyPointer> proxies(1, pointer_to(*proxy));
      Proxied fetched = co_await fetch_through(pool, server.origin(), proxies);
      CHECK(fetched.via == proxy->url());
    }
    server.will_answer(kOk);
    Proxied direct = co_await fetch_through(pool, server.origin(), {});
    CHECK(direct.body == "ok");
    CHECK(direct.via.empty());
  }
  // The same proxy with other credentials is another one.
  server.will_answer(kOk);
  const std::vector<ProxyPointer> proxies(1, pointer_to(first, "user", "pass"));
  Proxied other = co_await fetch_through(pool, server.origin(), proxies);
  CHECK(other.body == "ok");
  CHECK(pool.counters().connects == 4);
  CHECK(pool.counters().reuses == 3);
  CHECK(first.accepted() == 2);
  CHECK(second.accepted() == 1);
}

TEST_CASE("proxy: connections of different proxies are kept apart") {
  io::TaskRunner runner;
  runner.run(apart(runner.worker()));
}

io::Task<> stale(io::Worker& worker) {
  EgressProxy proxy(Kind::kSocks5);
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const std::vector<ProxyPointer> proxies(1, pointer_to(proxy));
  server.will_answer(kOk);
  Proxied first = co_await fetch_through(pool, server.origin(), proxies);
  CHECK(first.body == "ok");
  server.will(Script{.parts = {}, .then = Script::Then::kClose});
  server.will_answer(kOk);
  Proxied second = co_await fetch_through(pool, server.origin(), proxies);
  CHECK(second.body == "ok");
  CHECK(second.via == proxy.url());
  CHECK(pool.counters().resent == 1);
  CHECK(proxy.accepted() == 2);
}

TEST_CASE("proxy: a request on a tunnel found stale is sent once more through a new one") {
  io::TaskRunner runner;
  runner.run(stale(runner.worker()));
}

}  // namespace
}  // namespace sluice::http
