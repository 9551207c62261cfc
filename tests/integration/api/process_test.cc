// The process itself: start, stop, and PostgreSQL dying under it.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

TEST_CASE("SIGTERM ends the process with 0, and it starts again on the same database") {
  ControlPlane plane;
  const std::string user = make_user(plane);
  plane.process().kill(SIGTERM);
  CHECK(plane.process().wait(kGenerous) == 0);
  plane.start();
  REQUIRE(eventually(kGenerous, [&] { return plane.ready(); }));
  CHECK(plane.http("GET", "/admin/v1/users/" + user).status == 200);
}

TEST_CASE("PostgreSQL may die and return at any time") {
  PostgresServer postgres;
  ControlPlane plane(postgres);
  const std::string user = make_user(plane);
  postgres.kill9();
  REQUIRE(eventually(kGenerous, [&] { return plane.http("GET", "/readyz", "", "").status == 503; }));
  CHECK(plane.http("GET", "/healthz", "", "").status == 200);
  const HttpAnswer away = plane.http("GET", "/admin/v1/users/" + user);
  CHECK(away.status == 503);
  CHECK(text_at(away.json(), "type") == "urn:sluice:problem:unavailable");
  CHECK(away.body.find("password") == std::string::npos);
  CHECK(plane.process().running());

  postgres.restart();
  REQUIRE(eventually(kGenerous, [&] { return plane.ready(); }));
  REQUIRE(eventually(kGenerous, [&] { return plane.http("GET", "/admin/v1/users/" + user).status == 200; }));
}

TEST_CASE("a start without a database waits for it, and can be ended") {
  PostgresServer postgres;
  ControlPlane plane(postgres);
  plane.process().kill(SIGTERM);
  REQUIRE(plane.process().wait(kGenerous) == 0);
  postgres.stop();

  plane.start();
  REQUIRE(eventually(kGenerous, [&] { return plane.log_text().find("database_away") != std::string::npos; }));
  SECTION("it comes") {
    postgres.restart();
    const bool ready = eventually(kGenerous, [&] { return plane.ready(); });
    INFO(plane.log_text());
    CHECK(ready);
  }
  SECTION("SIGTERM comes") {
    plane.process().kill(SIGTERM);
    CHECK(plane.process().wait(kGenerous) == 0);
  }
}

TEST_CASE("the other ways to call the program") {
  const ControlPlane& plane = ControlPlane::shared();
  const TempDir dir;
  const auto run = [&](std::vector<std::string> argv) {
    Process process({.argv = std::move(argv), .log = dir / "log"});
    return std::pair(process.wait(kGenerous), process.log_text());
  };
  CHECK(run(plane.command({"--check-config"})).first == 0);
  CHECK(run(plane.command({"--migrate-only"})).first == 0);
  const auto version = run({plane.command().front(), "--version"});
  CHECK(version.first == 0);
  CHECK(version.second.find("sluice-controlplane") != std::string::npos);
  CHECK(run({plane.command().front()}).first == 2);
  CHECK(run({plane.command().front(), "--config", dir / "none.yaml"}).first == 2);
}

}  // namespace sluice::testing
