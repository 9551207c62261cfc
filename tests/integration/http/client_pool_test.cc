#include "tests/integration/http/client_server.h"

namespace sluice::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Stage = ClientError::Stage;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

io::Task<> reuse(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  for (int i = 0; i < 5; ++i) {
    server.will_answer(kOk);
    Fetched fetched = co_await fetch(pool, server.origin(), i == 0 ? "" : "body");
    CHECK(fetched.body == "ok");
  }
  CHECK(server.connections() == 1);
  CHECK(pool.counters().connects == 1);
  CHECK(pool.counters().reuses == 4);
  CHECK(pool.counters().resent == 0);
  const std::string host = "host: 127.0.0.1:" + std::to_string(server.origin().port) + "\r\n";
  CHECK(server.requests()[0] == "GET /v1/x?y=1 HTTP/1.1\r\n" + host + "\r\n");
  CHECK(server.requests()[1] == "POST /v1/x?y=1 HTTP/1.1\r\n" + host + "content-length: 4\r\n\r\nbody");

  // Another trust is another origin.
  Origin other = server.origin();
  other.ca_pem = "other";
  server.will_answer(kOk);
  Fetched fetched = co_await fetch(pool, other, "");
  CHECK(fetched.body == "ok");
  CHECK(pool.counters().connects == 2);
}

TEST_CASE("pool: connections are used again for the same origin") {
  io::TaskRunner runner;
  runner.run(reuse(runner.worker()));
}

io::Task<> closed_while_idle(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will_answer(kOk);
  Fetched first = co_await fetch(pool, server.origin(), "");
  CHECK(first.body == "ok");
  server.close_all();
  server.will_answer(kOk);
  Fetched second = co_await fetch(pool, server.origin(), "");
  CHECK(second.body == "ok");
  CHECK(pool.counters().connects == 2);
  CHECK(pool.counters().resent == 0);  // seen before the request was sent
}

TEST_CASE("pool: a connection that was closed while idle is not used") {
  io::TaskRunner runner;
  runner.run(closed_while_idle(runner.worker()));
}

io::Task<> stale(io::Worker& worker, Script::Then then, bool twice) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will_answer(kOk);
  server.will(Script{.parts = {}, .then = then});  // takes the request and closes, as if it had crossed an idle close
  if (twice) server.will(Script{.parts = {}, .then = then});
  server.will_answer(kOk);
  Fetched first = co_await fetch(pool, server.origin(), "");
  CHECK(first.body == "ok");
  Fetched second = co_await fetch(pool, server.origin(), "payload");
  CHECK(pool.counters().connects == 2);
  CHECK(pool.counters().resent == 1);
  if (twice) {
    REQUIRE(second.error.has_value());
    CHECK(second.error->stage == Stage::kResponseHead);
    CHECK(second.error->error.code == ErrorCode::kClosed);
  } else {
    CHECK(second.body == "ok");
    CHECK(server.requests()[1] == server.requests()[2]);
  }
}

TEST_CASE("pool: a request on a connection found stale is sent once more, and only once") {
  const auto then = GENERATE(Script::Then::kClose, Script::Then::kReset);
  const bool twice = GENERATE(false, true);
  io::TaskRunner runner;
  runner.run(stale(runner.worker(), then, twice));
}

io::Task<> begun_answer(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will_answer(kOk);
  server.will(Script{.parts = {"HTTP/1.1 200"}, .then = Script::Then::kClose});
  Fetched first = co_await fetch(pool, server.origin(), "");
  CHECK(first.body == "ok");
  Fetched second = co_await fetch(pool, server.origin(), "payload");
  REQUIRE(second.error.has_value());
  CHECK(pool.counters().resent == 0);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("pool: once a byte of the answer came nothing is sent again") {
  io::TaskRunner runner;
  runner.run(begun_answer(runner.worker()));
}

io::Task<> idle_limits(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientLimits limits;
  limits.keep_idle = milliseconds(0);
  ClientPool pool(worker, limits);
  for (int i = 0; i < 2; ++i) {
    server.will_answer(kOk);
    Fetched fetched = co_await fetch(pool, server.origin(), "");
    CHECK(fetched.body == "ok");
    co_await worker.sleep_until(io::in(milliseconds(2)));
  }
  CHECK(pool.counters().connects == 2);

  ClientPool kept(worker, {});
  server.will_answer(kOk);
  Fetched fetched = co_await fetch(kept, server.origin(), "");
  CHECK(fetched.body == "ok");
  kept.close_idle();
  server.will_answer(kOk);
  Fetched again = co_await fetch(kept, server.origin(), "");
  CHECK(again.body == "ok");
  CHECK(kept.counters().connects == 2);
}

TEST_CASE("pool: idle connections are not kept beyond their limit or past close_idle") {
  io::TaskRunner runner;
  runner.run(idle_limits(runner.worker()));
}

io::Task<> unread_body(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will_answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
  {
    const Origin origin = server.origin();
    ClientRequest request;
    request.origin = &origin;
    request.method = "GET";
    request.target = "/";
    std::expected<ClientResponse, ClientError> response = co_await pool.send(request, io::soon(), nullptr);
    REQUIRE(response.has_value());
    CHECK(find(response->head().fields, "Content-Length") == "10");
    Result<ClientResponse::Piece> piece = co_await response->read_body(io::soon());
    REQUIRE(piece.has_value());
    CHECK(piece->data == "hello");
    CHECK_FALSE(piece->last);
  }
  server.will_answer(kOk);
  Fetched next = co_await fetch(pool, server.origin(), "");
  CHECK(next.body == "ok");
  CHECK(pool.counters().connects == 2);
  CHECK(pool.counters().reuses == 0);
}

TEST_CASE("pool: a connection whose answer was not read to the end is closed") {
  io::TaskRunner runner;
  runner.run(unread_body(runner.worker()));
}

io::Task<> fetch_for_ever(ClientPool& pool, Origin origin) {
  Fetched never = co_await fetch(pool, origin, "");
  FAIL("it ended: " << never.status);
}

io::Task<> leave_some_waiting(io::Worker& worker, ScriptedServer& server, ClientPool& pool) {
  server.will_answer(kOk);
  Fetched first = co_await fetch(pool, server.origin(), "");
  CHECK(first.body == "ok");
  // One waits for a head, one for the rest of a body.
  worker.spawn(fetch_for_ever(pool, server.origin()));
  server.will(Script{.parts = {}});
  const bool one = co_await io::until(worker, [&server] { return server.requests().size() == 2; });
  CHECK(one);
  server.will_answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok");
  worker.spawn(fetch_for_ever(pool, server.origin()));
  const bool two = co_await io::until(worker, [&server] { return server.requests().size() == 3; });
  CHECK(two);
}

TEST_CASE("pool: exchanges under way end with the worker, after the pool") {
  io::TaskRunner runner;
  ScriptedServer server(runner.worker());
  ClientPool pool(runner.worker(), {});
  runner.run(leave_some_waiting(runner.worker(), server, pool));
}

io::Task<> head_request(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const Origin origin = server.origin();
  ClientRequest request;
  request.origin = &origin;
  request.method = "HEAD";
  request.target = "/";
  for (const char* framing : {"content-length: 100", "transfer-encoding: chunked"}) {
    server.will_answer(std::string("HTTP/1.1 200 OK\r\n") + framing + "\r\n\r\n");
    std::expected<ClientResponse, ClientError> response = co_await pool.send(request, io::soon(), nullptr);
    REQUIRE(response.has_value());
    Result<std::string> body = co_await response->read_whole_body(10, io::soon());
    REQUIRE(body.has_value());
    CHECK(body->empty());
  }
  CHECK(pool.counters().connects == 1);
}

TEST_CASE("pool: the answer to HEAD has no body") {
  io::TaskRunner runner;
  runner.run(head_request(runner.worker()));
}

}  // namespace
}  // namespace sluice::http
