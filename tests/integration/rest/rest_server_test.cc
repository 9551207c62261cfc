// REST over a real socket, in front of a real gRPC server.
#include "controlplane/api/rest_server.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/raw_client.h"
#include "tests/integration/rest/user_server.h"
#include "tests/support/eventually.h"

namespace sluice::api {

using http::RawAnswer;
using http::RawClient;
using testing::eventually;
using testing::kGenerous;

namespace {

std::string request(const std::string& method, const std::string& target, const std::string& body = {},
                    const std::string& token = kToken, const std::string& more = {}) {
  std::string text = method + " " + target + " HTTP/1.1\r\nhost: sluice\r\n" + more;
  if (!token.empty()) text += "authorization: " + token + "\r\n";
  if (!body.empty()) text += "content-length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

RawAnswer ask(RawClient& client, const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& token = kToken, const std::string& more = {}) {
  client.send(request(method, target, body, token, more));
  return client.read_answer(method == "HEAD");
}

bool has(const RawAnswer& answer, const std::string& field) {
  return answer.head.find("\r\n" + field + "\r\n") != std::string::npos;
}

boost::json::value problem(const RawAnswer& answer, unsigned status) {
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == status);
  CHECK(has(answer, "content-type: application/problem+json"));
  const boost::json::value body = boost::json::parse(answer.body);
  CHECK(body.at("status") == status);
  CHECK(has(answer, "x-request-id: " + std::string(body.at("request_id").as_string())));
  return body;
}

boost::json::value user_of(const RawAnswer& answer) {
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == 200);
  CHECK(has(answer, "content-type: application/json"));
  CHECK(has(answer, "x-content-type-options: nosniff"));
  CHECK(has(answer, "cache-control: no-store"));
  return boost::json::parse(answer.body).at("user");
}

}  // namespace

TEST_CASE("objects are made, read, changed and deleted on one connection") {
  UserServer server;
  RawClient client(server.port());
  const auto made = user_of(ask(client, "POST", "/admin/v1/users",
                                R"({"user": {"email": "a@b", "displayName": "A", "role": "USER_ROLE_ADMIN"}})"));
  CHECK(made.at("id") == "u1");
  CHECK(made.at("role") == "USER_ROLE_ADMIN");
  CHECK(made.at("concurrency") == 0);
  CHECK(user_of(ask(client, "GET", "/admin/v1/users/u1")) == made);

  // Without a mask: what the body names changes, also to nothing.
  const auto changed = user_of(ask(client, "PATCH", "/admin/v1/users/u1", R"({"displayName": "", "concurrency": 3})"));
  CHECK(changed.at("displayName") == "");
  CHECK(changed.at("concurrency") == 3);
  CHECK(changed.at("email") == "a@b");
  const auto masked = user_of(
      ask(client, "PATCH", "/admin/v1/users/u1?updateMask=displayName", R"({"displayName": "B", "concurrency": 9})"));
  CHECK(masked.at("displayName") == "B");
  CHECK(masked.at("concurrency") == 3);

  const RawAnswer deleted = ask(client, "DELETE", "/admin/v1/users/u1");
  CHECK(deleted.status == 200);
  CHECK(deleted.body == "{}");
  (void)problem(ask(client, "GET", "/admin/v1/users/u1"), 404);
}

TEST_CASE("a list is paged by its query") {
  UserServer server;
  RawClient client(server.port());
  for (const char* email : {"a@b", "b@b", "c@b"})
    (void)user_of(ask(client, "POST", "/admin/v1/users", R"({"user": {"email": ")" + std::string(email) + R"("}})"));
  const auto first = boost::json::parse(ask(client, "GET", "/admin/v1/users?pageSize=2").body);
  CHECK(first.at("users").as_array().size() == 2);
  CHECK(first.at("nextPageToken") == "u2");
  const auto last = boost::json::parse(ask(client, "GET", "/admin/v1/users?page_size=2&page_token=u2").body);
  CHECK(last.at("users").as_array().size() == 1);
  CHECK(last.at("nextPageToken") == "");
}

TEST_CASE("what a service answers becomes a problem") {
  UserServer server;
  RawClient client(server.port());
  const auto made = user_of(ask(client, "POST", "/admin/v1/users", R"({"user": {"email": "a@b"}})"));
  (void)user_of(ask(client, "PATCH", "/admin/v1/users/u1", R"({"displayName": "x", "etag": "1"})"));
  (void)problem(ask(client, "PATCH", "/admin/v1/users/u1", R"({"displayName": "y", "etag": "1"})"), 412);
  (void)problem(ask(client, "POST", "/admin/v1/users", R"({"user": {"email": "a@b"}})"), 409);
  const auto invalid = problem(ask(client, "POST", "/admin/v1/users", R"({"user": {}})"), 400);
  CHECK(invalid.at("errors").at(0).at("field") == "email");
  (void)problem(ask(client, "GET", "/admin/v1/users/denied"), 403);
  (void)problem(ask(client, "GET", "/admin/v1/users/conflict"), 409);
  (void)problem(ask(client, "GET", "/admin/v1/users/exhausted"), 429);
  (void)problem(ask(client, "GET", "/admin/v1/users/internal"), 500);
  const RawAnswer unavailable = ask(client, "GET", "/admin/v1/users/unavailable");
  (void)problem(unavailable, 503);
  CHECK(has(unavailable, "retry-after: 1"));
  // Only users are served here.
  (void)problem(ask(client, "GET", "/admin/v1/groups"), 501);
}

TEST_CASE("what no service sees becomes a problem too") {
  UserServer server;
  RawClient client(server.port());
  const auto unknown = problem(ask(client, "POST", "/admin/v1/users", R"({"user": {"colour": "red"}})"), 400);
  CHECK(unknown.at("errors").at(0).at("field") == "user.colour");
  const auto parameter = problem(ask(client, "GET", "/admin/v1/users?colour=red"), 400);
  CHECK(parameter.at("errors").at(0).at("field") == "colour");
  (void)problem(ask(client, "GET", "/admin/v1/users?pageSize=%f"), 400);
  (void)problem(ask(client, "GET", "/admin/v1/users/%ff"), 400);
  (void)problem(ask(client, "POST", "/admin/v1/users", "{"), 400);
  (void)problem(ask(client, "POST", "/admin/v1/users", "{}", kToken, "content-type: text/xml\r\n"), 415);
  (void)problem(ask(client, "GET", "/admin/v1/nothing"), 404);
  const RawAnswer wrong_method = ask(client, "PUT", "/admin/v1/users", "{}");
  (void)problem(wrong_method, 405);
  CHECK(has(wrong_method, "allow: GET, POST"));
  RawClient large(server.port());
  (void)problem(ask(large, "POST", "/admin/v1/users", std::string(2 * 1024 * 1024, ' ')), 413);
  RawClient broken(server.port());
  broken.send("GET /admin/v1/users HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
  (void)problem(broken.read_answer(), 400);
}

TEST_CASE("nothing is said without a token") {
  UserServer server;
  RawClient client(server.port());
  for (const char* token : {"", "Bearer wrong", "Basic eDp5"}) {
    INFO(token);
    const RawAnswer answer = ask(client, "GET", "/admin/v1/users", {}, token);
    (void)problem(answer, 401);
    CHECK(has(answer, "www-authenticate: Bearer"));
  }
  const auto refused = problem(ask(client, "POST", "/admin/v1/users", R"({"colour": 1})", ""), 401);
  CHECK(std::string(refused.at("detail").as_string()).find("colour") == std::string::npos);
}

TEST_CASE("HEAD is GET without its body") {
  UserServer server;
  RawClient client(server.port());
  const RawAnswer get = ask(client, "GET", "/admin/v1/users");
  const RawAnswer head = ask(client, "HEAD", "/admin/v1/users");
  CHECK(head.status == 200);
  CHECK(has(head, "content-length: " + std::to_string(get.body.size())));
  CHECK(ask(client, "GET", "/admin/v1/users").status == 200);  // no byte of a body was in between
}

TEST_CASE("the request id is passed on") {
  UserServer server;
  RawClient client(server.port());
  CHECK(has(ask(client, "GET", "/admin/v1/users", {}, kToken, "x-request-id: my-1.a_b\r\n"), "x-request-id: my-1.a_b"));
  CHECK(server.store().last_request_id() == "my-1.a_b");
  const RawAnswer made = ask(client, "GET", "/admin/v1/users", {}, kToken, "x-request-id: no good\r\n");
  const std::string id = server.store().last_request_id();
  CHECK(id.size() == 36);
  CHECK(has(made, "x-request-id: " + id));
}

TEST_CASE("pages of the process need no token") {
  UserServer server;
  RawClient client(server.port());
  CHECK(ask(client, "GET", "/healthz", {}, "").body == "ok\n");
  CHECK(ask(client, "GET", "/readyz", {}, "").status == 200);
  server.set_not_ready("the database is away");
  const RawAnswer away = ask(client, "GET", "/readyz", {}, "");
  CHECK(problem(away, 503).at("detail") == "the database is away");
  CHECK(has(away, "retry-after: 1"));
  CHECK(ask(client, "GET", "/metrics", {}, "").body == "# none\n");
  CHECK(boost::json::parse(ask(client, "GET", "/openapi.json", {}, "").body).at("info").at("version") == "1.2.3");
  (void)problem(ask(client, "POST", "/healthz", {}, ""), 405);
}

TEST_CASE("a call that takes too long ends with 504") {
  UserServer server(std::chrono::milliseconds(50));
  RawClient client(server.port());
  (void)problem(ask(client, "GET", "/admin/v1/users/held"), 504);
}

TEST_CASE("other requests go on while a call is held") {
  UserServer server;
  RawClient waiting(server.port());
  waiting.send(request("GET", "/admin/v1/users/held"));
  REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 1; }));
  RawClient client(server.port());
  CHECK(ask(client, "GET", "/admin/v1/users").status == 200);
  server.store().release();
  CHECK(waiting.read_answer().status == 200);
}

TEST_CASE("a drain lets the call under way finish") {
  UserServer server;
  RawClient client(server.port());
  client.send(request("GET", "/admin/v1/users/held"));
  REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 1; }));
  std::thread drain([&] { server.rest().drain(kGenerous); });
  server.store().release();
  const RawAnswer answer = client.read_answer();
  drain.join();
  CHECK(answer.status == 200);
  server.stop_rest();
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a drain that takes too long cancels the call and says so") {
  UserServer server;
  RawClient client(server.port());
  client.send(request("GET", "/admin/v1/users/held"));
  REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 1; }));
  server.rest().drain(std::chrono::milliseconds(1));
  const RawAnswer answer = client.read_answer();
  (void)problem(answer, 503);
  CHECK(has(answer, "connection: close"));
  CHECK(eventually(kGenerous, [&] { return server.store().held() == 0; }));
}

TEST_CASE("a stop in the middle of a call cancels it") {
  UserServer server;
  RawClient client(server.port());
  client.send(request("GET", "/admin/v1/users/held"));
  REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 1; }));
  server.stop_rest();
  CHECK(eventually(kGenerous, [&] { return server.store().held() == 0; }));
}

TEST_CASE("a client that leaves does not disturb its call or the others") {
  UserServer server;
  {
    RawClient client(server.port());
    client.send(request("GET", "/admin/v1/users/held"));
    REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 1; }));
  }
  server.store().release();
  REQUIRE(eventually(kGenerous, [&] { return server.store().held() == 0; }));
  RawClient client(server.port());
  CHECK(ask(client, "GET", "/admin/v1/users").status == 200);
}

}  // namespace sluice::api
