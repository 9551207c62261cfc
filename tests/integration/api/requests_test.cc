// Single requests explained, and the health of accounts: a node speaks gRPC, an admin asks by REST.
#include <catch2/catch.hpp>
#include <future>

#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "dataplane/sync/client.h"
#include "sluice/usage/v1/usage.grpc.pb.h"
#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

std::string new_id() {
  return Uuid::generate(RealClock().now()).to_string();
}

usage::v1::DecisionRecord decision(const std::string& id) {
  usage::v1::DecisionRecord record;
  record.set_request_id(id);
  record.mutable_started_at()->set_seconds(1'780'000'000);
  record.set_requested_model("claude-sonnet-4-5");
  record.set_status(529);
  record.set_outcome("account_concurrency");
  auto& candidate = *record.add_candidates();
  candidate.set_account_id(new_id());
  candidate.set_running(-1);
  candidate.set_skipped("model_not_served");
  record.set_others(3);
  auto& attempt = *record.add_attempts();
  attempt.set_chosen_by("lowest_load");
  attempt.set_status(500);
  attempt.set_first_byte_us(1200);
  attempt.set_egress_proxy("socks5://10.0.0.1:1080");
  auto& wait = *record.add_waits();
  wait.set_scope("account");
  wait.set_waited_us(77);
  wait.set_ended("timeout");
  record.set_total_us(31'000'000);
  return record;
}

usage::v1::UsageEvent event_of(const std::string& id, const std::string& user) {
  usage::v1::UsageEvent event;
  event.set_event_id(id);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(RealClock().now().time_since_epoch()).count();
  event.mutable_started_at()->set_seconds(now);
  event.mutable_ended_at()->set_seconds(now);
  event.set_user_id(user);
  event.set_api_key_id(new_id());
  event.set_group_id(new_id());
  event.set_account_id(new_id());
  event.set_outcome(usage::v1::OUTCOME_COMPLETE);
  event.set_usage_state(usage::v1::USAGE_STATE_REPORTED);
  event.set_wait_us(77);
  event.set_upstream_model("mapped");
  event.add_purses("user:" + user);
  event.add_purses("key:" + event.api_key_id() + ":total");
  return event;
}

usage::v1::ReportResponse report(const ControlPlane& plane, const usage::v1::ReportRequest& request) {
  const auto stub = usage::v1::UsageService::NewStub(plane.channel());
  const auto context = ControlPlane::context(plane.node_token());
  const auto stream = stub->Report(context.get());
  usage::v1::ReportResponse response;
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  stream->WritesDone();
  CHECK(stream->Finish().ok());
  return response;
}

sync::ClientOptions node(const ControlPlane& plane, const std::string& node_id) {
  sync::ClientOptions options;
  options.endpoint = {.address = plane.grpc_address(), .token = Secret(plane.node_token())};
  options.identity = {node_id, new_id(), "test", {}};
  return options;
}

}  // namespace

TEST_CASE("a reported request is explained, with what it cost") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string id = new_id();
  const std::string user = make_user(plane);
  usage::v1::ReportRequest request;
  request.set_node_id("node-r");
  request.set_batch(1);
  *request.add_events() = event_of(id, user);
  *request.add_decisions() = decision(id);
  const usage::v1::ReportResponse response = report(plane, request);
  CHECK(response.purses_size() == 2);

  const json::value answer = plane.ok("GET", "/admin/v1/requests/" + id);
  const json::value& explained = answer.at("decision");
  CHECK(text_at(explained, "requestId") == id);
  CHECK(text_at(explained, "outcome") == "account_concurrency");
  CHECK(text_at(explained, "nodeId") == "node-r");
  CHECK(explained.at("status") == 529);
  CHECK(explained.at("otherAccounts") == 3);
  CHECK(explained.at("candidates").at(0).at("running") == -1);
  CHECK(text_at(explained.at("candidates").at(0), "skipped") == "model_not_served");
  CHECK(text_at(explained.at("attempts").at(0), "chosenBy") == "lowest_load");
  CHECK(text_at(explained.at("attempts").at(0), "firstByteUs") == "1200");
  CHECK(text_at(explained.at("attempts").at(0), "egressProxy") == "socks5://10.0.0.1:1080");
  CHECK(text_at(explained.at("waits").at(0), "ended") == "timeout");
  CHECK(text_at(explained, "totalUs") == "31000000");
  CHECK(text_at(answer, "usageEvent.eventId") == id);
  CHECK(text_at(answer, "usageEvent.waitUs") == "77");
  CHECK(text_at(answer, "usageEvent.upstreamModel") == "mapped");
}

TEST_CASE("a request that only a node remembers is asked for there") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string id = new_id();
  sync::ClientOptions options = node(plane, unique("node"));
  options.find_decision = [id](const std::string& wanted) {
    return wanted == id ? decision(id).SerializeAsString() : std::string();
  };
  const RealClock clock;
  const std::string node_id = options.identity.node_id;
  const sync::Client client(std::move(options), clock);
  REQUIRE(eventually(kGenerous, [&] { return client.status().has_config; }));
  const json::value answer = plane.ok("GET", "/admin/v1/requests/" + id);
  CHECK(text_at(answer, "decision.requestId") == id);
  CHECK(text_at(answer, "decision.nodeId") == node_id);
  CHECK(plane.http("GET", "/admin/v1/requests/" + new_id()).status == 404);
}

TEST_CASE("a request that only cost something is shown with that; others are not found") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string id = new_id();
  usage::v1::ReportRequest request;
  request.set_batch(1);
  *request.add_events() = event_of(id, make_user(plane));
  (void)report(plane, request);
  const json::value answer = plane.ok("GET", "/admin/v1/requests/" + id);
  CHECK(text_at(answer, "usageEvent.eventId") == id);
  CHECK(plane.http("GET", "/admin/v1/requests/" + new_id()).status == 404);
  CHECK(plane.http("GET", "/admin/v1/requests/no-uuid").status == 400);
  CHECK(plane.http("GET", "/admin/v1/requests/" + id, "", "").status == 401);
}

TEST_CASE("an account shows what nodes found out about it") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string account =
      text_at(plane.ok("POST", "/admin/v1/accounts",
                       R"({"account": {"name": "a", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9",
                           "models": ["m"], "groupIds": [")" +
                           make_group(plane) + R"("]}})"),
              "account.id");
  const std::string path = "/admin/v1/accounts/" + account + "/health";
  CHECK(plane.ok("GET", path).at("health").as_array().empty());

  const RealClock clock;
  sync::ClientOptions options = node(plane, unique("node"));
  const std::string node_id = options.identity.node_id;
  sync::Client client(std::move(options), clock);
  config::v1::AccountHealth health;
  health.set_account_id(account);
  health.set_reason(config::v1::ACCOUNT_HEALTH_REASON_OVERLOADED);
  health.set_model("m");
  health.mutable_until()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count() + 3600);
  health.set_upstream_status(529);
  health.set_detail("overloaded");
  client.report_health(health);
  config::v1::CredentialReport refused;
  refused.set_account_id(account);
  refused.set_revision(2);
  refused.set_upstream_status(401);
  client.report_credential(refused);
  REQUIRE(eventually(kGenerous, [&] { return plane.ok("GET", path).at("health").as_array().size() == 2; }));

  for (const json::value& one : plane.ok("GET", path).at("health").as_array()) {
    CHECK(one.at("active") == true);
    CHECK(text_at(one, "nodeId") == node_id);
    const bool overloaded = text_at(one, "reason") == "HEALTH_REASON_OVERLOADED";
    CHECK((overloaded || text_at(one, "reason") == "HEALTH_REASON_AUTH_FAILED"));
    CHECK(text_at(one, "model") == (overloaded ? "m" : ""));
    CHECK(one.at("upstreamStatus") == (overloaded ? 529 : 401));
  }
  CHECK(plane.http("GET", "/admin/v1/accounts/" + new_id() + "/health").status == 404);
  CHECK(plane.http("GET", path, "", "").status == 401);
}

}  // namespace sluice::testing
