#include "tests/integration/http/proxied.h"
#include "tests/unit/io/tls_server.h"

namespace sluice::http {
namespace {

io::Task<> by_hidden_name(io::Worker& worker, Kind kind, Mood mood, std::string username) {
  const std::string password = username.empty() ? "" : "pass: word";
  EgressProxy proxy(kind, username, password);
  proxy.knows(kHiddenName);
  proxy.set_mood(mood);
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  for (int i = 0; i < 3; ++i) {
    server.will_answer(kOk);
    // Equal proxies of different objects, as after a change of the configuration.
    const std::vector<ProxyPointer> proxies(1, pointer_to(proxy, username, password));
    Proxied fetched = co_await fetch_through(pool, hidden(server), proxies);
    REQUIRE_FALSE(fetched.error.has_value());
    CHECK(fetched.body == "ok");
    CHECK(fetched.via == proxy.url());
  }
  const std::string target = "upstream.test:" + std::to_string(server.origin().port);
  CHECK(proxy.targets() == std::vector<std::string>(1, target));
  CHECK(server.requests()[2] == "GET / HTTP/1.1\r\nhost: " + target + "\r\n\r\n");
  CHECK(proxy.accepted() == 1);
  CHECK(pool.counters().connects == 1);
  CHECK(pool.counters().reuses == 2);
  if (kind == Kind::kHttpConnect) {
    const std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: sluice\r\n";
    CHECK(proxy.last_messages().starts_with(head));
  }
}

TEST_CASE("proxy: a name that only the proxy can resolve, by a connection that is used again") {
  const Kind kind = GENERATE(Kind::kHttpConnect, Kind::kSocks5);
  const Mood mood = GENERATE(Mood::kServe, Mood::kDrip);
  const std::string username = GENERATE("", "some user");
  io::TaskRunner runner;
  runner.run(by_hidden_name(runner.worker(), kind, mood, username));
}

io::Task<> by_tls(io::Worker& worker, Kind kind, std::uint16_t port, std::string ca, std::string& failure,
                  std::string& body) {
  EgressProxy proxy(kind, "u", "p");
  proxy.knows(kHiddenName);
  ClientPool pool(worker, {});
  const Origin origin{.tls = true, .host = kHiddenName, .port = port, .ca_pem = ca};
  const std::vector<ProxyPointer> proxies(1, pointer_to(proxy, "u", "p"));
  Proxied fetched = co_await fetch_through(pool, origin, proxies);
  failure = fetched.error ? fetched.error->error.message : "";
  body = fetched.body;
  CHECK(fetched.via == proxy.url());
  CHECK(proxy.tunnels() == 1);
  CHECK(pool.counters().proxies_set_aside == 0);  // a wrong certificate is the target's
}

TEST_CASE("proxy: TLS is with the target, whose certificate must be for its name") {
  const Kind kind = GENERATE(Kind::kHttpConnect, Kind::kSocks5);
  const io::TestCa ca;
  const io::TestCa other;
  const io::TlsServer server(ca.issue("good", "DNS:upstream.test"), "-www");
  const io::TlsServer foreign(ca.issue("foreign", "DNS:localhost,IP:127.0.0.1"), "-www");
  const auto failure_of = [kind](std::uint16_t port, const std::string& pem, std::string& body) {
    io::TaskRunner runner;
    std::string failure;
    runner.run(by_tls(runner.worker(), kind, port, pem, failure, body));
    return failure;
  };
  std::string body;
  CHECK(failure_of(server.port(), ca.pem(), body).empty());
  CHECK(body.find("</HTML>") != std::string::npos);
  CHECK(failure_of(server.port(), other.pem(), body).find("certificate") != std::string::npos);
  CHECK(failure_of(foreign.port(), ca.pem(), body).find("hostname mismatch") != std::string::npos);
}

io::Task<> wrong_login(io::Worker& worker, Kind kind, std::string username) {
  EgressProxy proxy(kind, "user", "right");
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const std::vector<ProxyPointer> proxies(1, pointer_to(proxy, username, username.empty() ? "" : "hunter2"));
  Proxied fetched = co_await fetch_through(pool, server.origin(), proxies);
  REQUIRE(fetched.error.has_value());
  CHECK(fetched.error->stage == ClientError::Stage::kConnect);
  CHECK(fetched.error->error.code == ErrorCode::kUnauthenticated);
  const std::string& message = fetched.error->error.message;
  CHECK(message.find(proxy.url()) != std::string::npos);
  CHECK(message.find(username.empty() ? "none are set" : "refuses") != std::string::npos);
  CHECK(message.find("hunter2") == std::string::npos);
  CHECK(message.find("joe") == std::string::npos);
  CHECK(fetched.via == proxy.url());
  CHECK(proxy.refused_logins() == 1);
  CHECK(pool.counters().proxies_set_aside == 1);
  CHECK(server.connections() == 0);
}

TEST_CASE("proxy: a refused login is an error that names the proxy and no secret") {
  const Kind kind = GENERATE(Kind::kHttpConnect, Kind::kSocks5);
  const std::string username = GENERATE("", "joe");
  io::TaskRunner runner;
  runner.run(wrong_login(runner.worker(), kind, username));
}

io::Task<> cancel_when_accepted(io::Worker& worker, const EgressProxy& proxy, io::Cancel& cancel) {
  const bool accepted = co_await io::until(worker, [&proxy] { return !proxy.last_messages().empty(); });
  CHECK(accepted);
  cancel.cancel();
}

io::Task<> cancelled(io::Worker& worker, Kind kind) {
  EgressProxy silent(kind);
  EgressProxy second(kind);
  silent.set_mood(Mood::kHang);
  ScriptedServer server(worker);
  ClientPool pool(worker, {.connect = std::chrono::seconds(40)});
  std::vector<ProxyPointer> proxies(1, pointer_to(silent));
  proxies.push_back(pointer_to(second));
  io::Cancel cancel;
  worker.spawn(cancel_when_accepted(worker, silent, cancel));
  Proxied fetched = co_await fetch_through(pool, server.origin(), proxies, io::soon(), &cancel);
  REQUIRE(fetched.error.has_value());
  CHECK(fetched.error->error.code == ErrorCode::kCancelled);
  CHECK(fetched.via == silent.url());
  CHECK(second.accepted() == 0);
  CHECK(pool.counters().proxies_set_aside == 0);
}

TEST_CASE("proxy: cancelled during the handshake, nothing else is tried") {
  const Kind kind = GENERATE(Kind::kHttpConnect, Kind::kSocks5);
  io::TaskRunner runner;
  runner.run(cancelled(runner.worker(), kind));
}

io::Task<> hurried(io::Worker& worker) {
  EgressProxy silent(Kind::kHttpConnect);
  silent.set_mood(Mood::kHang);
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const std::vector<ProxyPointer> proxies(1, pointer_to(silent));
  const SteadyTime deadline = io::in(std::chrono::milliseconds(100));
  Proxied fetched = co_await fetch_through(pool, server.origin(), proxies, deadline);
  REQUIRE(fetched.error.has_value());
  CHECK(fetched.error->error.code == ErrorCode::kDeadlineExceeded);
  CHECK(pool.counters().proxies_set_aside == 0);
}

TEST_CASE("proxy: a request without time left ends in time and blames no proxy") {
  io::TaskRunner runner;
  runner.run(hurried(runner.worker()));
}

}  // namespace
}  // namespace sluice::http
