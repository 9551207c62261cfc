// Many clients at once, some of whom leave without waiting.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

TEST_CASE("clients in parallel each get their own answer") {
  const ControlPlane& plane = ControlPlane::shared();
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i)
    ids.push_back(make_user(plane));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> clients;
  for (const std::string& id : ids) {
    clients.emplace_back([&plane, &wrong, id] {
      for (int i = 0; i < 25; ++i) {
        const HttpAnswer answer = plane.http("GET", "/admin/v1/users/" + id);
        if (answer.status != 200 || text_at(answer.json(), "user.id") != id) ++wrong;
      }
    });
  }
  for (std::thread& client : clients)
    client.join();
  CHECK(wrong == 0);
}

TEST_CASE("concurrent changes of one object are all made or refused as stale, none is lost") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string path = "/admin/v1/users/" + make_user(plane) + "/adjustments";
  std::atomic<int> failed = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&plane, &failed, &path] {
      for (int i = 0; i < 10; ++i) {
        const std::string body = R"({"amountUsd": "0.1", "reason": "r", "externalId": ")" + unique("p") + R"("})";
        if (plane.http("POST", path, body).status != 200) ++failed;
      }
    });
  }
  for (std::thread& client : clients)
    client.join();
  CHECK(failed == 0);
  const std::string balance = path.substr(0, path.rfind('/')) + "/balance";
  CHECK(text_at(plane.ok("GET", balance), "balanceUsd") == "6");
}

TEST_CASE("SIGTERM while clients call and leave ends the process with 0") {
  ControlPlane plane;
  const std::string user = make_user(plane);
  std::atomic<bool> stop = false;
  std::vector<std::thread> clients;
  for (int c = 0; c < 2; ++c) {
    clients.emplace_back([&] {
      while (!stop)
        (void)plane.http("GET", "/admin/v1/users/" + user);
    });
    clients.emplace_back([&] {
      while (!stop)
        plane.send_and_leave("GET /admin/v1/users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + plane.token() +
                             "\r\n\r\n");
    });
  }
  // Those who leave hold places until their calls end, so a probe may find none; it finds one soon.
  for (int i = 0; i < 10; ++i)
    CHECK(eventually(kGenerous, [&] { return plane.http("GET", "/healthz", "", "").status == 200; }));
  plane.process().kill(SIGTERM);
  CHECK(plane.process().wait(kGenerous) == 0);
  stop = true;
  for (std::thread& client : clients)
    client.join();
  CHECK(plane.log_text().find("http_exception") == std::string::npos);
}

}  // namespace sluice::testing
