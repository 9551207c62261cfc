// Who may come in, and where the login is kept.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/integration/sluicectl/run.h"

namespace sluice::testing {

using Catch::Contains;

TEST_CASE("a login is stored for its owner alone, used, and forgotten") {
  Desk desk;
  const std::string endpoint = desk.plane().grpc_address();
  const Ran in =
      desk.shell("printf '%s\\n' \"$T\" | \"$CTL\" login --endpoint " + endpoint, {"T=" + desk.plane().token()});
  INFO(in.out);
  REQUIRE(in.code == 0);
  CHECK(in.out.find(desk.plane().token()) == std::string::npos);

  const auto path = desk.dir() / "config" / "sluice" / "sluicectl.json";
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);

  CHECK_THAT(desk.run_bare({"whoami"}).out, Contains(endpoint + ": the token is accepted\n"));
  CHECK(desk.run_bare({"get", "groups"}).code == 0);
  // A stored token goes to no other place.
  const Ran elsewhere = desk.run_bare({"--endpoint", "localhost" + endpoint.substr(endpoint.find(':')), "whoami"});
  CHECK(elsewhere.code == 5);

  chmod(path.c_str(), 0644);
  const Ran open = desk.run_bare({"whoami"});
  CHECK(open.code == 1);
  CHECK_THAT(open.out, Contains("others may read it"));
  chmod(path.c_str(), 0600);

  CHECK(desk.run_bare({"logout"}).code == 0);
  CHECK(stat(path.c_str(), &status) != 0);
  const Ran out = desk.run_bare({"whoami"});
  CHECK(out.code == 2);
  CHECK(out.out == "sluicectl: no endpoint: run sluicectl login, or set SLUICE_ENDPOINT\n");
}

TEST_CASE("a token that is not accepted is not stored") {
  Desk desk;
  const Ran in = desk.run_bare({"login", "--endpoint", desk.plane().grpc_address()}, {"SLUICE_TOKEN=nonsense"});
  CHECK(in.code == 5);
  CHECK_THAT(in.out, Contains("sluicectl: ") && Contains("run sluicectl login"));
  CHECK(std::count(in.out.begin(), in.out.end(), '\n') == 1);
  CHECK_FALSE(std::filesystem::exists(desk.dir() / "config" / "sluice" / "sluicectl.json"));
}

TEST_CASE("a token with few scopes is told who it is, and what it was not allowed to see") {
  Desk desk;
  const ControlPlane& plane = desk.plane();
  const std::string user = make_user(plane, "USER_ROLE_OPERATOR");
  const std::string token =
      "SLUICE_TOKEN=" +
      text_at(plane.ok("POST", "/admin/v1/admin-tokens",
                       R"({"adminToken": {"userId": ")" + user + R"(", "scopes": ["nodes.read", "self"]}})"),
              "secret");
  const Ran who = desk.run_bare({"--endpoint", plane.grpc_address(), "whoami"}, {token});
  const std::string mail = text_at(plane.ok("GET", "/admin/v1/users/" + user), "user.email");
  CHECK(who.out == plane.grpc_address() + ": the token is accepted\nuser: " + mail +
                       "\nrole: operator\nscopes: nodes.read self\n");
  CHECK(desk.run_bare({"--endpoint", plane.grpc_address(), "login"}, {token}).code == 0);
  CHECK(desk.run_bare({"get", "nodes"}).code == 0);
  CHECK(desk.run_bare({"get", "accounts"}).code == 1);
  const Ran doctor = desk.run_bare({"doctor"});
  CHECK_THAT(doctor.out, Contains("WARN  accounts: not looked at: ") && Contains("use a token with that scope"));
}

TEST_CASE("errors are one line with the cause, and an exit code") {
  Desk desk;
  const auto one_line = [](const Ran& ran) {
    INFO(ran.out);
    CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 1);
    return ran.code;
  };
  CHECK(one_line(desk.run_bare({"--endpoint", "127.0.0.1:1", "get", "groups"})) == 5);
  CHECK(one_line(desk.run_bare({"--endpoint", "nowhere", "get", "groups"})) == 2);
  CHECK(one_line(desk.run({"get", "grops"})) == 2);
  CHECK(one_line(desk.run({"get", "group", "no-such-group"})) == 1);
  CHECK(one_line(desk.run({"get", "accounts", "--filter", "colour=red"})) == 2);
  CHECK(one_line(desk.run_bare({"--endpoint", "sluice.example.test:443", "--ca-file", "/nonexistent", "whoami"})) == 2);
  CHECK(desk.run({"frobnicate"}).code == 2);
  CHECK(desk.run({}).code == 2);
}

TEST_CASE("plain text stays on this machine") {
  Desk desk;
  // Not a loopback name: TLS is spoken, and the plain server is not trusted.
  const std::string port = desk.plane().grpc_address().substr(desk.plane().grpc_address().find(':'));
  const Ran ran = desk.run({"--endpoint", "0.0.0.0" + port, "whoami"});
  INFO(ran.out);
  CHECK(ran.code == 5);
}

TEST_CASE("every command has help, and bash completes them") {
  Desk desk;
  const Ran help = desk.run_bare({"--help"});
  CHECK(help.code == 0);
  for (const char* command : {"login", "logout", "whoami", "get", "create", "update", "delete", "disable", "enable",
                              "plan", "diff", "apply", "jobs", "drain", "undrain", "test", "doctor", "completion"}) {
    CHECK_THAT(help.out, Contains(command));
    const Ran one = desk.run_bare({command, "--help"});
    INFO(one.out);
    CHECK(one.code == 0);
  }
  const Ran words = desk.shell(
      "\"$CTL\" completion bash > c && bash -c '. ./c; COMP_WORDS=(sluicectl get api); COMP_CWORD=2; _sluicectl; echo "
      "${COMPREPLY[*]}'");
  CHECK(words.out == "api-keys\n");
}

}  // namespace sluice::testing
