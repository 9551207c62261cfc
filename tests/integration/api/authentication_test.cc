// Nobody gets in without a token, whatever the method: the lists come from the descriptors.
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "common/base/random.h"
#include "controlplane/api/route_table.h"
#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace {

grpc::Status call_raw(const std::string& rpc, const std::string& authorization) {
  grpc::GenericStub stub(ControlPlane::shared().channel());
  grpc::ClientContext context;
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer empty(nullptr, 0);
  auto reader = stub.PrepareUnaryCall(&context, rpc, empty, &queue);
  reader->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  reader->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool good = false;
  REQUIRE(queue.Next(&tag, &good));
  return status;
}

// The path with something in place of each variable.
std::string concrete(const api::Route& route) {
  std::string out;
  for (const api::Segment& segment : route.segments)
    out += "/" + (segment.variable ? std::string("0192a0aa-0000-7000-8000-000000000000") : segment.text);
  return out;
}

// Where providers redirect browsers to: its credential is the state of a login, and without one it refuses as well.
constexpr std::string_view kRedirectRpc = "/sluice.admin.v1.OAuthLoginService/ReturnOAuthLogin";

// What people call who have no token yet (tests/integration/identity, tests/integration/oidc).
constexpr std::array kOpen = std::to_array<std::string_view>({
    "AuthService/Login",
    "AuthService/GetSetup",
    "AuthService/Setup",
    "SignInSettingsService/GetSignInOptions",
    "RegistrationService/Register",
    "RegistrationService/FinishRegistration",
    "RegistrationService/RequestPasswordReset",
    "RegistrationService/FinishPasswordReset",
    "RegistrationService/VerifyEmail",
    "OidcSignInService/ListOidcSignInProviders",
    "OidcSignInService/BeginOidcSignIn",
    "OidcSignInService/FinishOidcSignIn",
});

bool is_open(std::string_view rpc) {
  return std::ranges::any_of(kOpen, [&](std::string_view open) { return rpc.ends_with(open); });
}

}  // namespace

TEST_CASE("every gRPC method refuses a call without a good token") {
  const api::Schema schema;
  const std::string& good = ControlPlane::shared().token();
  const std::vector<std::string> bad{"",
                                     "Bearer ",
                                     "Bearer wrong",
                                     "Bearer " + random_base62(43),
                                     "Basic " + good,
                                     good,
                                     "Bearer " + good + "x",
                                     "Bearer " + good.substr(1),
                                     "Bearer sluice-admin-" + random_base62(43)};
  for (const std::string& rpc : schema.rpc_names()) {
    if (is_open(rpc)) continue;
    for (const std::string& authorization : bad) {
      INFO(rpc << " with '" << authorization << "'");
      CHECK(call_raw(rpc, authorization).error_code() ==
            (rpc == kRedirectRpc ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::UNAUTHENTICATED));
    }
    INFO(rpc);
    const auto allowed = call_raw(rpc, "Bearer " + good).error_code();
    CHECK(allowed != grpc::StatusCode::UNAUTHENTICATED);
    CHECK(allowed != grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_CASE("every REST route refuses a request without a good token") {
  const api::Schema schema;
  const api::RouteTable table(schema);
  const ControlPlane& plane = ControlPlane::shared();
  for (const api::Route& route : table.routes()) {
    if (route.rpc_name == kRedirectRpc || is_open(route.rpc_name)) continue;
    for (const std::string& token : {std::string(), std::string("wrong"), random_base62(43)}) {
      INFO(route.http_method << " " << route.path << " with '" << token << "'");
      const HttpAnswer answer = plane.http(route.http_method, concrete(route), route.body.empty() ? "" : "{}", token);
      CHECK(answer.status == 401);
      CHECK(answer.header("content-type") == "application/problem+json");
      CHECK(answer.header("www-authenticate") == "Bearer");
      CHECK_FALSE(answer.header("x-request-id").empty());
      CHECK(text_at(answer.json(), "type") == "urn:sluice:problem:unauthenticated");
    }
  }
}

TEST_CASE("an admin token works until it is revoked") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string admin = make_user(plane, "USER_ROLE_ADMIN");
  const auto made = plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + admin + R"("}})");
  const std::string token = text_at(made, "secret");
  const std::string id = text_at(made, "adminToken.id");
  CHECK(plane.http("GET", "/admin/v1/users", "", token).status == 200);
  CHECK(plane.http("GET", "/admin/v1/users", "", token + "x").status == 401);

  SECTION("by deleting it") {
    (void)plane.ok("DELETE", "/admin/v1/admin-tokens/" + id);
    CHECK(plane.http("GET", "/admin/v1/users", "", token).status == 401);
  }
  SECTION("by disabling its user") {
    (void)plane.ok("PATCH", "/admin/v1/users/" + admin + "?updateMask=status", R"({"status": "USER_STATUS_DISABLED"})");
    CHECK(plane.http("GET", "/admin/v1/users", "", token).status == 403);
  }
  SECTION("by taking the role from its user") {
    (void)plane.ok("PATCH", "/admin/v1/users/" + admin + "?updateMask=role", R"({"role": "USER_ROLE_USER"})");
    CHECK(plane.http("GET", "/admin/v1/users", "", token).status == 403);
  }
  SECTION("by deleting its user") {
    (void)plane.ok("DELETE", "/admin/v1/users/" + admin);
    CHECK(plane.http("GET", "/admin/v1/users", "", token).status == 401);
  }
}

TEST_CASE("an admin token that has ended is of no use") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string admin = make_user(plane, "USER_ROLE_ADMIN");
  const auto ended = plane.ok("POST", "/admin/v1/admin-tokens",
                              R"({"adminToken": {"userId": ")" + admin + R"(", "expiresAt": "2020-01-01T00:00:00Z"}})");
  CHECK(plane.http("GET", "/admin/v1/users", "", text_at(ended, "secret")).status == 401);
}

}  // namespace sluice::testing
