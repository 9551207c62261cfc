#include "tests/unit/sync/session_world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using namespace std::chrono_literals;
using namespace sync;

TEST_CASE("a new node says hello without a version and takes a snapshot in parts") {
  Node node;
  CHECK(node.connect() == Lines{"hello"});
  CHECK_FALSE(node.sent.hello().has_have());
  CHECK(node.sent.hello().boot_id() == "boot-1");
  CHECK(node.welcome().empty());
  CHECK(node.session.live_nodes() == 3);
  Model model;
  put(model, user(1, 1));
  const v1::Version target = put(model, user(2, 1));
  CHECK(node.part(target, list({user(1, 1)}), false).empty());
  CHECK(node.session.current()->size() == 0);
  CHECK(node.part(target, list({user(2, 1)})) == Lines{"use 2", "ack 3"});
  CHECK(node.sent.ack().have().digest() == target.digest());
  CHECK(node.session.current()->size() == 2);
}

TEST_CASE("a delta moves the version; the next hello names it") {
  Node node;
  node.connect();
  node.welcome();
  Model model;
  const v1::Version one = put(model, user(1, 1));
  node.part(one, model.all());
  const v1::Version two = put(model, user(2, 1));
  CHECK(node.delta(one, two, {user(2, 1)}) == Lines{"use 2", "ack 3"});
  (void)node.session.on_lost(node.now);
  node.now += 10s;
  CHECK(node.connect() == Lines{"hello"});
  CHECK(node.sent.hello().have().number() == 2);
  CHECK(node.sent.hello().have().digest() == two.digest());
}

TEST_CASE("a delta that cannot be used leaves the old config and asks for a snapshot once") {
  Node node;
  node.connect();
  node.welcome();
  Model model;
  const v1::Version one = put(model, user(1, 5));
  node.part(one, model.all());
  const v1::Version two = put(model, user(2, 1));
  std::vector<v1::Resource> what = {user(2, 1)};
  v1::Version from = one, to = two;
  SECTION("it starts elsewhere") {
    from.set_number(7);
  }
  SECTION("it starts in another epoch") {
    from.set_epoch("e2");
  }
  SECTION("it starts at another digest") {
    from.set_digest(std::string(32, 'x'));
  }
  SECTION("it leads to another digest") {
    to.set_digest(std::string(32, 'x'));
  }
  SECTION("it goes back") {
    what = {user(1, 4)};
  }
  CHECK(node.delta(from, to, what) == Lines{"need_snapshot"});
  CHECK(node.session.current()->version_number() == 1);
  CHECK(node.delta(from, to, what).empty());
  CHECK(node.part(two, model.all()) == Lines{"use 2", "ack 5"});
}

TEST_CASE("a snapshot with a wrong digest ends the stream instead of being asked for again and again") {
  Node node;
  node.connect();
  node.welcome();
  Model model;
  v1::Version target = put(model, user(1, 1));
  target.set_digest(std::string(32, 'x'));
  CHECK(node.part(target, model.all()) == Lines{"hang"});
  CHECK(node.session.current()->size() == 0);
  CHECK(node.session.refused() == 1);
}

TEST_CASE("refused resources are named in the ack and in the next hello") {
  Node node;
  node.connect();
  node.welcome();
  Model model;
  const v1::Version one = put(model, user(1, 1));
  node.part(one, model.all());
  const v1::Resource bad = raw(v1::KIND_USER, uuid(1, 1), 2, v1::STATE_ACTIVE, "\xff bad");
  const v1::Version two = put(model, bad);
  CHECK(node.delta(one, two, {bad}) == Lines{"use 2", "ack 3"});
  REQUIRE(node.sent.ack().rejected_size() == 1);
  CHECK(node.sent.ack().rejected(0).revision() == 2);
  CHECK(node.session.current()->user(uuid(1, 1)) != nullptr);
  (void)node.session.on_lost(node.now);
  node.now += 10s;
  node.connect();
  REQUIRE(node.sent.hello().rejected_size() == 1);
  CHECK(node.sent.hello().rejected(0).id() == uuid(1, 1));
}

TEST_CASE("heartbeats confirm, or show a fault") {
  Node node;
  node.connect();
  node.welcome();
  Model model;
  const v1::Version one = put(model, user(1, 1));
  node.part(one, model.all());
  CHECK(node.heartbeat(one) == Lines{"confirm 1"});
  CHECK(node.session.live_nodes() == 4);
  v1::Version other = one;
  SECTION("another digest at the same number: at once") {
    other.set_digest(std::string(32, 'x'));
    CHECK(node.heartbeat(other) == Lines{"need_snapshot"});
  }
  SECTION("another number: after three beats") {
    other.set_number(9);
    CHECK(node.heartbeat(other).empty());
    CHECK(node.heartbeat(other).empty());
    CHECK(node.heartbeat(other) == Lines{"need_snapshot"});
  }
  SECTION("another number that goes away is nothing") {
    other.set_number(9);
    CHECK(node.heartbeat(other).empty());
    CHECK(node.heartbeat(other).empty());
    CHECK(node.heartbeat(one) == Lines{"confirm 1"});
    CHECK(node.heartbeat(other).empty());
  }
}

TEST_CASE("the node beats, and gives a silent stream up") {
  Node node;
  node.connect();
  node.welcome();
  const SteadyTime start = node.now;
  int beats = 0;
  for (;;) {
    node.now = node.session.wake_at();
    const Lines lines = node.tick();
    if (lines == Lines{"hang"}) break;
    REQUIRE(lines == Lines{"status"});
    ++beats;
  }
  CHECK(beats == 2);
  CHECK(node.now - start == 36s);
}

TEST_CASE("a message out of order ends the stream") {
  Node node;
  node.connect();
  node.nonce = 1;
  CHECK(node.welcome() == Lines{"hang"});
}

TEST_CASE("how long the node waits before it dials again") {
  Node node;
  node.connect();
  SECTION("a stream that never was good: growing, 0.5 s to 30 s") {
    for (const auto wait : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms, 30'000ms, 30'000ms}) {
      (void)node.session.on_lost(node.now);
      CHECK(node.session.wake_at() - node.now == wait);
      node.now = node.session.wake_at();
      node.connect();
    }
  }
  SECTION("a good stream: within the spread that the control plane named") {
    node.welcome(7'000);
    Model model;
    node.part(put(model, user(1, 1)), model.all());
    (void)node.session.on_lost(node.now);
    CHECK(node.session.wake_at() - node.now == 7'000ms);
  }
}

TEST_CASE("a dial without an answer is given up") {
  Node node;
  CHECK(node.tick() == Lines{"dial"});
  node.now = node.session.wake_at();
  CHECK(node.tick() == Lines{"hang"});
}

TEST_CASE("only a minute of health resets the back-off") {
  using std::chrono::milliseconds;
  Backoff backoff([](std::uint64_t bound) { return bound - 1; });
  (void)backoff.after_failure();
  (void)backoff.after_failure();
  CHECK(backoff.after_good_stream(59s, 5'000ms) == 5'000ms);
  CHECK(backoff.after_failure() == 2'000ms);
  CHECK(backoff.after_good_stream(60s, 5'000ms) == 5'000ms);
  CHECK(backoff.after_failure() == 500ms);
}

TEST_CASE("commands reach the node") {
  Node node;
  node.connect();
  v1::SubscribeResponse message;
  message.mutable_command()->set_drain(true);
  CHECK(node.receive(message) == Lines{"drain"});
  message.mutable_command()->set_undrain(true);
  CHECK(node.receive(message) == Lines{"undrain"});
  message.mutable_command()->mutable_decision()->set_request_id("r");
  message.mutable_command()->mutable_decision()->set_query_id(7);
  CHECK(node.receive(message) == Lines{"find r for 7"});
}

}  // namespace
