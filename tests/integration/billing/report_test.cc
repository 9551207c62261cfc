// The whole way: Journal, Uploader, gRPC, UsageServiceImpl, PostgreSQL.
#include <grpcpp/grpcpp.h>

#include <optional>
#include <thread>

#include "controlplane/billing/usage_service.h"
#include "dataplane/usage/uploader.h"
#include "tests/integration/billing/books.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace sluice::billing {

namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::TempDir;
using testing::Books;
using testing::cost_of;
using testing::event_for;
using usage::Journal;
using usage::Uploader;

constexpr std::string_view kToken = "a-node-token";

// A control plane that can be stopped and started again on the same unix socket.
class Server {
 public:
  Server(Books& books, const TempDir& dir) : books_(books), address_("unix:" + (dir / "grpc.sock").string()) {
    start();
  }
  ~Server() { stop(); }
  void start() {
    service_.emplace(books_.ingest(), books_.decisions(), Secret(std::string(kToken)));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    builder.RegisterService(&*service_);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  // Cuts every stream at once.
  void stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }
  // Waits for every stream, without a limit, after telling them to end.
  void stop_gently() {
    service_->end_streams();
    server_->Shutdown();
    server_->Wait();
    server_.reset();
  }
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const {
    return grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  }

 private:
  Books& books_;
  std::optional<UsageServiceImpl> service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

usage::UploaderOptions options(std::string_view token = kToken) {
  return {.node_id = "node-1",
          .node_token = Secret(std::string(token)),
          .batch_events = 50,
          .batch_wait = std::chrono::milliseconds(10),
          .backoff_cap = std::chrono::milliseconds(200)};
}

std::unique_ptr<Journal> open_journal(const TempDir& dir, std::size_t queue_limit = 4096) {
  static const RealClock clock;
  return testing::value_of(Journal::open((dir / "journal").string(), clock, {.queue_limit = queue_limit}));
}

// Serves `count` requests; returns what they cost. Catch2 is not thread-safe, so it is not used here.
std::int64_t serve(Journal& journal, const std::string& user, int count) {
  std::int64_t cost = 0;
  for (int i = 0; i < count; ++i) {
    const auto event = event_for(user, i % 100);
    if (!journal.intent(event) || !journal.final(event)) std::abort();
    cost += event.cost_nano_usd();
  }
  return cost;
}

}  // namespace

TEST_CASE("finished events reach the books and leave the journal") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  const std::int64_t before = serve(*journal, user, 30);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t after = serve(*journal, user, 200);
  REQUIRE(uploader.flush(kGenerous));
  CHECK(journal->stats().records == 0);
  CHECK(books.events() == 230);
  CHECK(books.balance_of(user).nano_usd == -(before + after));
  REQUIRE(eventually(kGenerous, [&] { return uploader.stats().in_flight == 0; }));
  CHECK(uploader.stats().connected);
  CHECK(uploader.stats().acknowledged == 230);
  CHECK(uploader.stats().last_error.empty());
  CHECK(books.drift().empty());
}

TEST_CASE("a control plane that is stopped again and again gets every event once") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir, 100);
  Uploader uploader(*journal, server.channel(), options());
  std::atomic<bool> stop{false};
  std::int64_t cost = 0;
  std::int64_t served = 0;
  std::thread traffic([&] {
    while (!stop) {
      cost += serve(*journal, user, 40);
      served += 40;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int round = 0; round < 5; ++round) {
    const auto before = uploader.stats().acknowledged;
    REQUIRE(eventually(kGenerous, [&] { return uploader.stats().acknowledged > before; }));
    round % 2 == 0 ? server.stop() : server.stop_gently();
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 20));
    server.start();
  }
  stop = true;
  traffic.join();
  REQUIRE(uploader.flush(kGenerous));
  CHECK(journal->stats().records == 0);
  CHECK(uploader.stats().reconnects >= 1);
  CHECK(books.events() == served);
  CHECK(books.balance_of(user).nano_usd == -cost);
  CHECK(books.drift().empty());
}

TEST_CASE("a stopping control plane ends the stream of an idle node") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t before = serve(*journal, user, 5);
  REQUIRE(uploader.flush(kGenerous));
  REQUIRE(uploader.stats().connected);
  server.stop_gently();
  const std::int64_t after = serve(*journal, user, 5);
  server.start();
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 10);
  CHECK(books.balance_of(user).nano_usd == -(before + after));
}

TEST_CASE("a node that is started again reports what an earlier process left, the crashed request too") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  std::int64_t cost = 0;
  {
    auto journal = open_journal(dir);
    cost = serve(*journal, user, 10);
    auto crashed = event_for(user, 9);
    REQUIRE(journal->intent(crashed).has_value());
    REQUIRE(journal->progress(crashed).has_value());
    cost += crashed.cost_nano_usd();
  }
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 11);
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE outcome = 5 AND usage_state = 2") == 1);
  CHECK(books.balance_of(user).nano_usd == -cost);
}

TEST_CASE("more finished events than the queue holds are read from disk") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir, 10);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t cost = serve(*journal, user, 1'000);
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 1'000);
  CHECK(books.balance_of(user).nano_usd == -cost);
  CHECK(journal->stats().records == 0);
  CHECK(journal->stats().finished == 0);
}

TEST_CASE("large events are sent in messages that gRPC takes") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  for (int i = 0; i < 20; ++i) {
    auto event = event_for(user, 1);
    event.set_raw_usage(std::string(i == 7 ? 5'000'000 : 600'000, 'u'));
    REQUIRE(journal->final(event).has_value());
  }
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 20);
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE length(raw_usage) = 600000") == 19);
}

TEST_CASE("a wrong node token stores nothing and loses nothing") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  static_cast<void>(serve(*journal, user, 3));
  for (const std::string_view token : {"a-node-tokem", "", "a-node-token2"}) {
    Uploader uploader(*journal, server.channel(), options(token));
    REQUIRE(eventually(kGenerous, [&] { return uploader.stats().last_error == "unknown node token"; }));
    CHECK_FALSE(uploader.stats().connected);
  }
  CHECK(books.events() == 0);
  CHECK(journal->stats().finished == 3);
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 3);
}

TEST_CASE("events that are quarantined are acknowledged") {
  Books books;
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  static_cast<void>(serve(*journal, testing::new_id(), 3));
  REQUIRE(uploader.flush(kGenerous));
  CHECK(uploader.stats().quarantined == 3);
  CHECK(books.events() == 0);
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarantine") == 3);
}

}  // namespace sluice::billing
