#include "dataplane/sync/stream.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/integration/publish/world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;

struct Heard {
  std::atomic<int> opened = 0, messages = 0, done = 0;

  [[nodiscard]] std::shared_ptr<sync::Stream> dial(const std::string& address) {
    return sync::Stream::dial(
        {.address = address, .token = Secret("node-token")},
        {.on_open = [this] { ++opened; },
         .on_message = [this](const config::v1::SubscribeResponse&) { ++messages; },
         .on_done = [this](const grpc::Status&, const std::shared_ptr<sync::Stream>&) { ++done; }});
  }
};

config::v1::SubscribeRequest hello() {
  config::v1::SubscribeRequest message;
  message.mutable_hello()->set_node_id("node-1");
  message.mutable_hello()->set_boot_id("boot-1");
  message.mutable_hello()->set_wire_revision(1);
  return message;
}

TEST_CASE("a stream that is cancelled ends, also when nobody asks for the next message any more") {
  ControlPlane control(migrated_database());
  REQUIRE(eventually(kGenerous, [&] { return control.publisher().ready(); }));
  Heard heard;
  const auto stream = heard.dial(control.address());
  REQUIRE(eventually(kGenerous, [&] { return heard.opened == 1; }));
  stream->send(hello());
  REQUIRE(eventually(kGenerous, [&] { return heard.messages == 1; }));
  stream->cancel();
  stream->cancel();
  REQUIRE(eventually(kGenerous, [&] { return heard.done == 1; }));
  stream->read_next();
  stream->send(hello());
  CHECK(heard.messages == 1);
}

TEST_CASE("a stream that is cancelled while it reads ends once") {
  ControlPlane control(migrated_database());
  REQUIRE(eventually(kGenerous, [&] { return control.publisher().ready(); }));
  for (int i = 0; i < 20; ++i) {
    Heard heard;
    const auto stream = heard.dial(control.address());
    if (i % 2 == 0) REQUIRE(eventually(kGenerous, [&] { return heard.opened == 1; }));
    stream->cancel();
    REQUIRE(eventually(kGenerous, [&] { return heard.done == 1; }));
  }
}

}  // namespace
