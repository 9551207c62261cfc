#include <catch2/catch.hpp>

#include "dataplane/redis/client.h"
#include "tests/integration/redis/on_worker.h"
#include "tests/support/redis_server.h"

namespace sluice::redis {

TEST_CASE("a turn of the loop that takes long is no failure of Redis") {
  sluice::testing::RedisServer server;
  observe::MetricsRegistry metrics;
  sluice::testing::OnWorker on;
  ClientOptions options;
  options.endpoint = parse_endpoint(server.url()).value();
  options.command_limit = std::chrono::milliseconds(200);
  options.failures_to_open = 1;
  Client client(on.worker(), options, metrics);
  client.start();
  on.start();
  const auto available = [&] { return on.call([&] { return client.available(); }); };
  REQUIRE(sluice::testing::eventually(sluice::testing::kGenerous, available));
  std::vector<std::future<Result<Reply>>> replies;
  on.call([&] {
    // Asked before and in the turn: the first has its answer in the socket when the turn ends, the second is not
    // even written.
    for (int turn = 0; turn < 3; ++turn) {
      for (int i = 0; i < 3; ++i)
        replies.push_back(on.begin([&] { return client.command({"PING"}); }));
      on.worker().post([] { std::this_thread::sleep_for(std::chrono::milliseconds(500)); });
    }
    return 0;
  });
  for (auto& reply : replies) {
    const Result<Reply> answer = reply.get();
    REQUIRE(answer.has_value());
    CHECK(*answer->text() == "PONG");
  }
  CHECK(available());
  on.stop();
}

}  // namespace sluice::redis
