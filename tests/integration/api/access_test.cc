// What each role may call: every method is really called, without effect, and the answers are compared with the table
// that people review, access_matrix.txt. SLUICE_WRITE_ACCESS_MATRIX=1 writes the table anew.
#include <grpcpp/generic/generic_stub.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "controlplane/api/schema.h"
#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace {

constexpr std::array kRoles =
    std::to_array<std::string_view>({"OWNER", "ADMIN", "OPERATOR", "FINANCE", "SUPPORT", "READ_ONLY", "USER"});

std::string token_of(const ControlPlane& plane, const std::string& user, const std::string& more = "") {
  return text_at(
      plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + user + R"(")" + more + "}}"),
      "secret");
}

// The status of a call with an empty request that changes nothing; OK as soon as one message comes.
grpc::Status try_call(grpc::GenericStub& stub, const std::string& rpc, const std::string& token) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + token);
  context.AddMetadata("x-sluice-dry-run", "true");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool good = false;
    return queue.Next(&tag, &good) && good;
  };
  auto call = stub.PrepareCall(&context, rpc, &queue);
  call->StartCall(nullptr);
  (void)next();
  call->WriteLast(grpc::ByteBuffer(nullptr, 0), grpc::WriteOptions(), nullptr);
  (void)next();
  grpc::ByteBuffer message;
  call->Read(&message, nullptr);
  const bool answered = next();
  if (answered) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  (void)next();
  return answered ? grpc::Status::OK : status;
}

std::string word_for(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::PERMISSION_DENIED) return "yes";
  return status.error_message().find("your own id") != std::string::npos ? "own" : "-";
}

std::string matrix(const ControlPlane& plane) {
  grpc::GenericStub stub(plane.channel());
  std::map<std::string_view, std::string> tokens;
  for (const std::string_view role : kRoles)
    tokens[role] = token_of(plane, make_user(plane, "USER_ROLE_" + std::string(role)));
  std::string out = "method";
  for (const std::string_view role : kRoles)
    out += " " + std::string(role);
  out += "\n";
  for (const std::string& rpc : api::Schema().rpc_names()) {
    out += rpc.substr(rpc.rfind("v1.") + 3);
    for (const std::string_view role : kRoles)
      out += " " + word_for(try_call(stub, rpc, tokens[role]));
    out += "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("every role may call what the table says, and nothing else") {
  const std::string path = SLUICE_SOURCE_DIR "/tests/integration/api/access_matrix.txt";
  const std::string actual = matrix(ControlPlane::shared());
  if (std::getenv("SLUICE_WRITE_ACCESS_MATRIX") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  std::istringstream lines(actual);
  std::string line;
  for (std::string wanted; std::getline(expected, wanted) && std::getline(lines, line);)
    CHECK(line == wanted);
  CHECK(expected.str() == actual);
}

TEST_CASE("a user sees and changes his own, and of others nothing") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string mine = make_user(plane);
  const std::string theirs = make_user(plane);
  const std::string group = make_group(plane);
  const std::string token = token_of(plane, mine);
  const auto key_of = [&](const std::string& user) {
    return text_at(plane.ok("POST", "/admin/v1/api-keys",
                            R"({"apiKey": {"userId": ")" + user + R"(", "groupId": ")" + group + R"("}})"),
                   "apiKey.id");
  };
  const std::string my_key = "/admin/v1/api-keys/" + key_of(mine);
  const std::string their_key = "/admin/v1/api-keys/" + key_of(theirs);
  const auto status = [&](const std::string& method, const std::string& target, const std::string& body = "") {
    return plane.http(method, target, body, token).status;
  };
  CHECK(status("GET", my_key) == 200);
  CHECK(status("GET", their_key) == 404);
  CHECK(status("PATCH", my_key, R"({"name": "mine"})") == 200);
  CHECK(status("PATCH", their_key, R"({"name": "mine"})") == 404);
  CHECK(status("POST", their_key + "/rotate", "{}") == 404);
  CHECK(status("DELETE", their_key) == 404);
  CHECK(status("DELETE", my_key) == 200);
  for (const char* list : {"/balance", "/ledger-entries"}) {
    INFO(list);
    CHECK(status("GET", "/admin/v1/users/" + mine + list) != 403);
    CHECK(status("GET", "/admin/v1/users/" + theirs + list) == 403);
  }
  CHECK(status("GET", "/admin/v1/users/" + mine) == 200);
  CHECK(status("GET", "/admin/v1/users/" + theirs) == 403);
  CHECK(status("GET", "/admin/v1/usage-events?userId=" + mine) == 200);
  CHECK(status("GET", "/admin/v1/usage-events?userId=" + theirs) == 403);
  CHECK(status("GET", "/admin/v1/usage-events") == 403);
  CHECK(status("PATCH", "/admin/v1/users/" + mine, R"({"multiplier": "0"})") == 403);
  CHECK(status("POST", "/admin/v1/users/" + mine + "/adjustments",
               R"({"amountUsd": "100", "reason": "a gift", "externalId": "self"})") == 403);
  const std::string other_token =
      text_at(plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + theirs + R"("}})"),
              "adminToken.id");
  CHECK(status("DELETE", "/admin/v1/admin-tokens/" + other_token) == 404);
}

TEST_CASE("nobody gives more than he has") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string support = token_of(plane, make_user(plane, "USER_ROLE_SUPPORT"));
  const std::string admin = token_of(plane, make_user(plane, "USER_ROLE_ADMIN"));
  const std::string owner = make_user(plane, "USER_ROLE_OWNER");
  const auto make = [&](const std::string& token, const std::string& role) {
    const std::string body =
        R"({"user": {"email": ")" + unique("p") + R"(@example.com", "role": "USER_ROLE_)" + role + "\"}}";
    return plane.http("POST", "/admin/v1/users", body, token).status;
  };
  CHECK(make(support, "USER") == 200);
  CHECK(make(support, "READ_ONLY") == 403);
  CHECK(make(support, "ADMIN") == 403);
  CHECK(make(admin, "ADMIN") == 200);
  CHECK(make(admin, "OWNER") == 403);
  const std::string user = "/admin/v1/users/" + make_user(plane);
  CHECK(plane.http("PATCH", user, R"({"role": "USER_ROLE_OPERATOR"})", support).status == 403);
  CHECK(plane.http("PATCH", user, R"({"role": "USER_ROLE_OPERATOR"})", admin).status == 200);
  CHECK(plane.http("PATCH", user, R"({"status": "USER_STATUS_DISABLED"})", support).status == 403);
  CHECK(plane.http("PATCH", "/admin/v1/users/" + owner, R"({"email": "x@example.com"})", admin).status == 403);
  CHECK(plane.http("DELETE", "/admin/v1/users/" + owner, "", admin).status == 403);
  CHECK(
      plane.http("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + owner + R"("}})", admin).status ==
      403);
}

TEST_CASE("a token with fewer scopes can do less than its user, and makes none that can do more") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string admin = make_user(plane, "USER_ROLE_ADMIN");
  const std::string narrow = token_of(plane, admin, R"(, "scopes": ["users.read", "admin_tokens.write"])");
  CHECK(plane.http("GET", "/admin/v1/users", "", narrow).status == 200);
  CHECK(plane.http("GET", "/admin/v1/groups", "", narrow).status == 403);
  const auto ask = [&](const std::string& scopes) {
    return plane.http("POST", "/admin/v1/admin-tokens",
                      R"({"adminToken": {"userId": ")" + admin + R"(", "scopes": [)" + scopes + "]}}", narrow);
  };
  CHECK(ask(R"("users.read")").status == 200);
  CHECK(ask(R"("groups.read")").status == 403);
  CHECK(ask("").status == 403);
  CHECK(ask(R"("everything")").status == 400);
  CHECK(ask(R"("owners.write")").status == 400);
}

TEST_CASE("a dry run answers as the call would and leaves nothing") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string name = unique("tried");
  const std::string body = R"({"group": {"name": ")" + name + R"("}})";
  const Headers dry{{"x-sluice-dry-run", "true"}};
  const HttpAnswer tried = plane.http("POST", "/admin/v1/groups", body, plane.token(), dry);
  REQUIRE(tried.status == 200);
  CHECK(plane.http("GET", "/admin/v1/groups/" + text_at(tried.json(), "group.id")).status == 404);
  CHECK(plane.http("POST", "/admin/v1/groups", R"({"group": {}})", plane.token(), dry).status == 400);
  CHECK(plane.http("POST", "/admin/v1/oauth-tiers/refresh", "{}", plane.token(), dry).status == 400);
}

}  // namespace sluice::testing
