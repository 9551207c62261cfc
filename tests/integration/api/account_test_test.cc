// Live tests of accounts over REST, from a real control plane to a fake vendor.
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <vector>

#include "sluice/admin/v1/account_test.grpc.pb.h"
#include "tests/integration/api/control_plane.h"
#include "tests/support/egress_proxy.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"

namespace sluice::testing {

namespace {

struct Vendor {
  Vendor()
      : port(free_port()),
        process(
            {.argv = {(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fakes/fake-anthropic").string(),
                      "--listen", "127.0.0.1:" + std::to_string(port)}}) {}
  std::uint16_t port;
  Process process;
};

std::string account_at(const ControlPlane& plane, std::uint16_t port, const std::string& more) {
  return text_at(plane.ok("POST", "/admin/v1/accounts",
                          R"({"account": {"name": ")" + unique("tested") +
                              R"(", "provider": "anthropic", "baseUrl": "http://127.0.0.1:)" + std::to_string(port) +
                              R"(", "modelMapping": {"known": "upstream-name"}})" + more + "}"),
                 "account.id");
}

const std::string kSecretText = "sk-live-test-0123456789";
const std::string kCredential =
    R"(, "credential": {"kind": "ACCOUNT_CREDENTIAL_KIND_API_KEY", "secret": ")" + kSecretText + R"("})";

HttpAnswer test(const ControlPlane& plane, const std::string& account, const std::string& body, std::string token) {
  return plane.http("POST", "/admin/v1/accounts/" + account + "/test", body, token);
}

// One that has begun, or was refused.
struct Running {
  Running(const ControlPlane& plane, const std::string& account)
      : stub(admin::v1::AccountTestService::NewStub(plane.channel())), context(ControlPlane::context(plane.token())) {
    admin::v1::TestAccountRequest request;
    request.set_account_id(account);
    reader = stub->TestAccount(context.get(), request);
    admin::v1::TestAccountResponse first;
    began = reader->Read(&first) && first.has_started();
  }
  // Leaves if it still runs.
  grpc::StatusCode end() {
    if (began) context->TryCancel();
    admin::v1::TestAccountResponse more;
    while (reader->Read(&more)) {
    }
    return reader->Finish().error_code();
  }

  std::unique_ptr<admin::v1::AccountTestService::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<admin::v1::TestAccountResponse>> reader;
  bool began = false;
};

}  // namespace

TEST_CASE("a test of an account is streamed as events, and shows no secret") {
  const ControlPlane& plane = ControlPlane::shared();
  const Vendor vendor;
  const std::string account = account_at(plane, vendor.port, kCredential);
  HttpAnswer answer;
  REQUIRE(eventually(kGenerous, [&] {
    answer = test(plane, account, R"({"model": "known"})", plane.token());
    return answer.status == 200 && answer.body.find(R"("connect")") == std::string::npos;
  }));
  CHECK(answer.header("content-type") == "text/event-stream");
  const std::size_t started = answer.body.find(R"("started")");
  const std::size_t answered = answer.body.find(R"("answered")");
  const std::size_t text = answer.body.find(R"("text")");
  const std::size_t done = answer.body.find(R"("done")");
  INFO(answer.body);
  REQUIRE(done != std::string::npos);
  CHECK(started < answered);
  CHECK(answered < text);
  CHECK(text < done);
  CHECK(answer.body.find(R"("upstreamModel":"upstream-name")") != std::string::npos);
  CHECK((answer.body + plane.log_text()).find(kSecretText) == std::string::npos);
}

TEST_CASE("a test that cannot begin is an ordinary error") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string account = account_at(plane, 9, "");
  CHECK(test(plane, account, R"({"model": "known"})", "").status == 401);
  CHECK(test(plane, "0190a8a0-0000-7000-8000-000000000000", R"({"model": "m"})", plane.token()).status == 404);
  const HttpAnswer bare = test(plane, account, R"({"model": "known"})", plane.token());
  CHECK(bare.status >= 400);
  CHECK(bare.body.find("has no credential") != std::string::npos);
  const std::string ready = account_at(plane, 9, kCredential);
  CHECK(test(plane, ready, R"({"model": "two words"})", plane.token()).status == 400);
  CHECK(test(plane, ready, R"({"prompt": ")" + std::string(4'001, 'x') + R"("})", plane.token()).status == 400);
  CHECK(plane.http("POST", "/admin/v1/accounts/" + ready + "/test", "{}", plane.token(), {{"x-sluice-dry-run", "true"}})
            .status == 400);
  // Nobody listens there.
  const HttpAnswer refused = test(plane, ready, "{}", plane.token());
  CHECK(refused.status == 200);
  CHECK(refused.body.find(R"("cause":"connect")") != std::string::npos);
}

TEST_CASE("few tests run at once, and one whose caller leaves makes room") {
  const ControlPlane& plane = ControlPlane::shared();
  EgressProxy silent(EgressProxy::Kind::kHttpConnect);  // as an upstream that never answers
  silent.set_mood(EgressProxy::Mood::kHang);
  const std::string account = account_at(plane, silent.port(), kCredential);
  std::vector<std::unique_ptr<Running>> running;
  for (int i = 0; i < 8; ++i) {
    running.push_back(std::make_unique<Running>(plane, account));
    REQUIRE(running.back()->began);
  }
  Running refused(plane, account);
  CHECK_FALSE(refused.began);
  CHECK(refused.end() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(running.back()->end() == grpc::StatusCode::CANCELLED);
  running.pop_back();
  // Long before the minute is over that a test may take.
  CHECK(eventually(kGenerous, [&] {
    Running next(plane, account);
    static_cast<void>(next.end());
    return next.began;
  }));
  for (const auto& one : running)
    CHECK(one->end() == grpc::StatusCode::CANCELLED);
}

}  // namespace sluice::testing
