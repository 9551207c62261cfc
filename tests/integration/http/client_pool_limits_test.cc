#include "tests/integration/http/client_server.h"

namespace sluice::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Stage = ClientError::Stage;

io::Task<> body_limit(io::Worker& worker, std::string answer) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will_answer(answer);
  const Origin origin = server.origin();
  ClientRequest request;
  request.origin = &origin;
  request.method = "GET";
  request.target = "/";
  std::expected<ClientResponse, ClientError> response = co_await pool.send(request, io::soon(), nullptr);
  REQUIRE(response.has_value());
  Result<std::string> body = co_await response->read_whole_body(4, io::soon());
  REQUIRE_FALSE(body.has_value());
  CHECK(body.error().code == ErrorCode::kResourceExhausted);
}

TEST_CASE("pool: a whole body is bounded") {
  const std::string answer = GENERATE("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
                                      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  io::TaskRunner runner;
  runner.run(body_limit(runner.worker(), answer));
}

io::Task<> cancel_later(io::Worker& worker, ClientCancel& cancel) {
  const SteadyTime when = io::in(milliseconds(60));
  co_await worker.sleep_until(when);
  cancel.cancel();
}

io::Task<> ends_of_waiting(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const Origin origin = server.origin();
  ClientRequest request;
  request.origin = &origin;
  request.method = "GET";
  request.target = "/";
  ClientCancel cancel;
  worker.spawn(cancel_later(worker, cancel));
  std::expected<ClientResponse, ClientError> cancelled = co_await pool.send(request, io::soon(), &cancel);
  REQUIRE_FALSE(cancelled.has_value());
  CHECK(cancelled.error().stage == Stage::kResponseHead);
  CHECK(cancelled.error().error.code == ErrorCode::kCancelled);
  std::expected<ClientResponse, ClientError> before = co_await pool.send(request, io::soon(), &cancel);
  REQUIRE_FALSE(before.has_value());
  CHECK(before.error().stage == Stage::kConnect);
  CHECK(before.error().error.code == ErrorCode::kCancelled);

  std::expected<ClientResponse, ClientError> late = co_await pool.send(request, io::in(milliseconds(120)), nullptr);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().stage == Stage::kResponseHead);
  CHECK(late.error().error.code == ErrorCode::kDeadlineExceeded);
}

TEST_CASE("pool: waiting for the head ends when cancelled and at its deadline") {
  io::TaskRunner runner;
  runner.run(ends_of_waiting(runner.worker()));
}

io::Task<> refused(ClientPool& pool, const Origin& origin, std::string_view method, std::string_view target,
                   Field field) {
  const std::array<Field, 1> fields{field};
  ClientRequest request{.origin = &origin, .method = method, .target = target, .fields = fields, .body = {}};
  std::expected<ClientResponse, ClientError> response = co_await pool.send(request, io::soon(), nullptr);
  REQUIRE_FALSE(response.has_value());
  CHECK(response.error().error.code == ErrorCode::kInvalidArgument);
  CHECK(response.error().error.message.find("secret") == std::string::npos);
}

io::Task<> refuse_requests(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  const Origin origin = server.origin();
  co_await refused(pool, origin, "GET", "/", Field{"x-key", "secret\r\nx: y"});
  co_await refused(pool, origin, "GET", "/", Field{"x-key", "secret\n"});
  co_await refused(pool, origin, "GET", "/", Field{"x key", "secret"});
  co_await refused(pool, origin, "GET", "/", Field{"", "secret"});
  co_await refused(pool, origin, "GET", "/ HTTP/1.1\r\nx: y", Field{"a", "b"});
  co_await refused(pool, origin, "GET", "no-slash", Field{"a", "b"});
  co_await refused(pool, origin, "GET /", "/", Field{"a", "b"});
  CHECK(server.connections() == 0);
}

TEST_CASE("pool: requests that would not stay what they are never leave") {
  io::TaskRunner runner;
  runner.run(refuse_requests(runner.worker()));
}

io::Task<> early_answer(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  server.will(Script{.parts = {"HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig"},
                     .then = Script::Then::kClose,
                     .wait_for_request = false});
  Fetched fetched = co_await fetch(pool, server.origin(), std::string(30u << 20, 'x'));
  CHECK(fetched.status == 413);
  CHECK(fetched.body == "big");
}

TEST_CASE("pool: an answer before the end of a large request is heard") {
  io::TaskRunner runner;
  runner.run(early_answer(runner.worker()));
}

io::Task<> large_bodies(io::Worker& worker) {
  ScriptedServer server(worker);
  ClientPool pool(worker, {});
  std::string body(8u << 20, 'x');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>('a' + i % 19);
  server.will_answer("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  Fetched fetched = co_await fetch(pool, server.origin(), body);
  CHECK(fetched.body == body);
  CHECK(server.requests()[0].ends_with(body));
}

TEST_CASE("pool: megabytes pass both ways") {
  io::TaskRunner runner;
  runner.run(large_bodies(runner.worker()));
}

}  // namespace
}  // namespace sluice::http
