// Calls that take long: their limit, and what a drain, a stop or a client that leaves does to them.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/rest/ask.h"
#include "tests/integration/rest/user_server.h"
#include "tests/support/eventually.h"

namespace sluice::api {

using testing::eventually;
using testing::kGenerous;

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
