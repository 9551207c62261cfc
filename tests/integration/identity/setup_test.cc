// The first owner is made once, whoever tries at the same time.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/identity/browser.h"

namespace sluice::testing {

namespace {

std::string body(const ControlPlane& plane, const std::string& email, const std::string& token) {
  return boost::json::serialize(boost::json::object{
      {"setupToken", token.empty() ? plane.setup_token() : token}, {"email", email}, {"password", kPassword}});
}

}  // namespace

TEST_CASE("of many set-ups at once one makes the owner, and no later one does") {
  const ControlPlane plane;
  const auto replica = plane.replica();
  const auto needed = [&] { return plane.http("GET", "/auth/v1/setup", "", "").json().at("needed").as_bool(); };
  const auto setup = [](const ControlPlane& at, const std::string& email, const std::string& token = "") {
    return at.http("POST", "/auth/v1/setup", body(at, email, token), "").status;
  };
  CHECK(needed());
  CHECK(setup(plane, "eve@example.com", "wrong") == 401);
  CHECK(plane
            .http("POST", "/auth/v1/setup",
                  boost::json::serialize(boost::json::object{
                      {"setupToken", plane.setup_token()}, {"email", "ada@example.com"}, {"password", "short"}}),
                  "")
            .status == 400);
  CHECK(needed());

  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  // The token of the replica is that of the first: they share the bootstrap token.
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const int status = setup(i % 2 == 0 ? plane : *replica, "owner" + std::to_string(i) + "@example.com");
      ++(status == 200 ? made : refused);
    });
  }
  threads.clear();
  CHECK(made == 1);
  CHECK(refused == 5);
  CHECK_FALSE(needed());
  CHECK(setup(plane, "late@example.com") != 200);

  const auto owners = PostgresServer::shared().run(
      plane.database(), "SELECT string_agg(email, ' ') FROM users WHERE role = 'owner' AND email LIKE 'owner%'");
  Browser browser(plane);
  CHECK(browser.login(owners).status == 200);
  CHECK(browser.call("GET", "/admin/v1/users").status == 200);
  // Also without any owner it is never open again.
  (void)PostgresServer::shared().run(plane.database(), "UPDATE users SET status = 'deleted' WHERE role = 'owner'");
  CHECK_FALSE(needed());
  CHECK(setup(plane, "late@example.com") != 200);
}

}  // namespace sluice::testing
