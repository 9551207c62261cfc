// What goes on, as a control plane shows it of a node that is connected to it, and orders to that node.
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "common/base/uuid.h"
#include "dataplane/sync/client.h"
#include "sluice/admin/v1/live.grpc.pb.h"
#include "sluice/usage/v1/usage.grpc.pb.h"
#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace v1 = admin::v1;

namespace {

// A node that says what the test wants, and does as it is told.
struct Node {
  Node(const ControlPlane& plane, const std::string& id, std::string account_id) {
    sync::ClientOptions options;
    options.endpoint = {.address = plane.grpc_address(), .token = Secret(plane.node_token())};
    options.identity = {id, id + "-boot", "9.8.7", {}};
    options.report = [this, account_id] {
      return sync::Report{.ready = !aside, .draining = aside, .open_streams = 4, .account_slots = {{account_id, 3, 2}}};
    };
    options.on_drain = [this](bool drain) { aside = drain; };
    client.emplace(std::move(options), clock);
  }
  RealClock clock;
  std::atomic<bool> aside = false;
  std::optional<sync::Client> client;
};

std::string new_account(const ControlPlane& plane, const std::string& name) {
  const auto made = plane.ok("POST", "/admin/v1/accounts",
                             R"({"account":{"name":")" + name +
                                 R"(","provider":"anthropic","baseUrl":"http://127.0.0.1:9","priority":1,)"
                                 R"("concurrency":7}})");
  return text_at(made.at("account"), "id");
}

// The element of a list of the overview, once it is as it should be.
using Fits = std::function<bool(const boost::json::object&)>;
bool shows(const ControlPlane& plane, const std::string& list, const std::string& id, const Fits& fits) {
  const auto overview = plane.ok("GET", "/admin/v1/live/overview").at("overview");
  for (const auto& item : overview.at(list).as_array()) {
    if (text_at(item, "id") == id) return fits(item.as_object());
  }
  return false;
}

// A watcher over gRPC.
struct Watch {
  Watch(const ControlPlane& plane, const std::string& last_event_id, const std::string& token)
      : stub(v1::LiveService::NewStub(plane.channel())), context(ControlPlane::context(token)) {
    if (!last_event_id.empty()) context->AddMetadata("last-event-id", last_event_id);
    reader = stub->WatchOverview(context.get(), {});
  }
  // The next event that fits. Fails if the stream ends first.
  v1::WatchOverviewResponse next(const std::function<bool(const v1::WatchOverviewResponse&)>& fits) {
    v1::WatchOverviewResponse event;
    while (reader->Read(&event)) {
      if (fits(event)) return event;
    }
    const grpc::Status status = reader->Finish();
    FAIL("the stream ended: " << status.error_message());
    return event;
  }
  v1::WatchOverviewResponse next() {
    return next([](const v1::WatchOverviewResponse&) { return true; });
  }

  std::unique_ptr<v1::LiveService::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<v1::WatchOverviewResponse>> reader;
};

bool names(const v1::OverviewDelta& delta, const std::string& account) {
  for (const v1::LiveAccount& changed : delta.accounts()) {
    if (changed.name() == account) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the overview shows a node, and the slots that it holds") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string account = new_account(plane, unique("held"));
  const std::string id = unique("node");
  const Node node(plane, id, account);
  CHECK(eventually(kGenerous, [&] {
    return shows(plane, "nodes", id, [](const boost::json::object& shown) {
      return shown.at("connected").as_bool() && shown.at("ready").as_bool() && shown.at("build") == "9.8.7" &&
             shown.at("openStreams") == "4";
    });
  }));
  CHECK(eventually(kGenerous, [&] {
    return shows(plane, "accounts", account, [](const boost::json::object& shown) {
      return shown.at("slots") == 7 && shown.at("slotsInUse") == 3 && shown.at("waiting") == 2 &&
             shown.at("status") == "active";
    });
  }));
}

// The orders go to another replica than the one that the node is connected to.
TEST_CASE("a node is taken aside and back by order, whichever replica is told") {
  const ControlPlane& connected = ControlPlane::shared();
  const std::unique_ptr<ControlPlane> other = connected.replica();
  const ControlPlane& plane = *other;
  const std::string id = unique("node");
  CHECK(plane.http("POST", "/admin/v1/live/nodes/" + id + "/drain", "{}").status == 404);
  Node node(connected, id, "none");
  const auto is = [&](const char* field, bool value) {
    return eventually(kGenerous, [&] {
      return shows(plane, "nodes", id,
                   [&](const boost::json::object& shown) { return shown.at(field).as_bool() == value; });
    });
  };
  REQUIRE(is("ready", true));
  static_cast<void>(plane.ok("POST", "/admin/v1/live/nodes/" + id + "/drain", "{}"));
  CHECK(eventually(kGenerous, [&] { return node.aside.load(); }));
  CHECK(is("drainWanted", true));
  CHECK(is("draining", true));
  CHECK(is("ready", false));
  static_cast<void>(plane.ok("POST", "/admin/v1/live/nodes/" + id + "/undrain", "{}"));
  CHECK(eventually(kGenerous, [&] { return !node.aside; }));
  CHECK(is("ready", true));
}

TEST_CASE("a watcher gets everything, then changes; it goes on where it was") {
  const ControlPlane& plane = ControlPlane::shared();
  Watch watch(plane, "", plane.token());
  const v1::WatchOverviewResponse first = watch.next();
  REQUIRE(first.has_snapshot());
  CHECK_FALSE(first.event_id().empty());
  const std::string name = unique("seen");
  static_cast<void>(new_account(plane, name));
  const auto told = [&](const v1::WatchOverviewResponse& event) { return names(event.delta(), name); };
  const v1::WatchOverviewResponse change = watch.next(told);
  CHECK(change.event_id() != first.event_id());
  watch.context->TryCancel();

  Watch again(plane, first.event_id(), plane.token());
  const v1::WatchOverviewResponse next = again.next();
  CHECK(next.has_delta());
  CHECK((told(next) || told(again.next(told))));
  again.context->TryCancel();

  // Another replica has events of its own.
  const std::unique_ptr<ControlPlane> other = plane.replica();
  Watch stranger(*other, change.event_id(), plane.token());
  const v1::WatchOverviewResponse all = stranger.next();
  REQUIRE(all.has_snapshot());
  CHECK(std::ranges::any_of(all.snapshot().accounts(), [&](const auto& shown) { return shown.name() == name; }));
  stranger.context->TryCancel();
}

TEST_CASE("what nodes report is counted") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = make_user(plane);
  const RealClock clock;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
  usage::v1::ReportRequest request;
  request.set_node_id("node-t");
  request.set_batch(1);
  for (const auto outcome : {usage::v1::OUTCOME_COMPLETE, usage::v1::OUTCOME_UPSTREAM_CUT}) {
    usage::v1::UsageEvent& event = *request.add_events();
    event.set_event_id(Uuid::generate(clock.now()).to_string());
    event.mutable_started_at()->set_seconds(now);
    event.mutable_ended_at()->set_seconds(now);
    event.set_user_id(user);
    for (auto* id : {event.mutable_api_key_id(), event.mutable_group_id(), event.mutable_account_id()})
      *id = Uuid::generate(clock.now()).to_string();
    event.set_outcome(outcome);
    event.set_usage_state(usage::v1::USAGE_STATE_REPORTED);
    event.mutable_tokens()->set_output(700'000);
    event.add_purses("user:" + user);
  }
  const auto context = ControlPlane::context(plane.node_token());
  const auto stream = usage::v1::UsageService::NewStub(plane.channel())->Report(context.get());
  usage::v1::ReportResponse response;
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  stream->WritesDone();
  REQUIRE(stream->Finish().ok());

  const auto overview = plane.ok("GET", "/admin/v1/live/overview").at("overview");
  const auto& traffic = overview.at("traffic").as_object();
  CHECK(traffic.contains("countedAt"));
  CHECK(traffic.at("requestsPerSecond").to_number<double>() >= 2.0 / 60);
  CHECK(std::stoll(text_at(overview, "traffic.tokensPerMinute")) >= 1'400'000);
  CHECK(std::ranges::any_of(traffic.at("failures").as_array(), [](const boost::json::value& failure) {
    return text_at(failure, "outcome") == "upstream_cut" && std::stoll(text_at(failure, "requests")) >= 1;
  }));
}

TEST_CASE("watching needs a token, over gRPC and REST") {
  const ControlPlane& plane = ControlPlane::shared();
  Watch watch(plane, "", "no-such-token");
  v1::WatchOverviewResponse event;
  CHECK_FALSE(watch.reader->Read(&event));
  CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(plane.http("GET", "/admin/v1/live/watch", "", "no-such-token").status == 401);
  CHECK(plane.http("GET", "/admin/v1/live/watch", "", "").status == 401);
}

}  // namespace sluice::testing
