// REST over a real socket, in front of a real gRPC server.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/rest/ask.h"
#include "tests/integration/rest/user_server.h"

namespace sluice::api {

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

}  // namespace sluice::api
