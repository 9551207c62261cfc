#include "common/io/listener.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "tests/unit/io/task_runner.h"

namespace sluice::io {
namespace {

DialTarget target_of(const Listener& listener) {
  return DialTarget{.host = "127.0.0.1", .port = listener.port(), .tls = false, .ca_pem = {}};
}

TEST_CASE("listening on what is no address or taken without sharing fails with a reason") {
  RealClock clock;
  Worker worker(0, clock);
  const Result<Listener> bad = Listener::open(worker, "localhost", 0);
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().code == ErrorCode::kInvalidArgument);
  const Result<Listener> foreign = Listener::open(worker, "192.0.2.1", 0);
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("two workers may listen on one port") {
  RealClock clock;
  Worker first(0, clock);
  Worker second(1, clock);
  Result<Listener> one = Listener::open(first, "127.0.0.1", 0);
  REQUIRE(one.has_value());
  const Result<Listener> two = Listener::open(second, "127.0.0.1", one->port());
  REQUIRE(two.has_value());
  CHECK(two->port() == one->port());
}

Task<> stop_takes_the_queue(Worker& worker) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  std::vector<Stream> served;
  Dialer dialer(worker);
  std::vector<Stream> clients;
  for (int i = 0; i < 20; ++i) {
    Result<Stream> client = co_await dialer.dial(target_of(*listener), soon(), nullptr);
    REQUIRE(client.has_value());
    clients.push_back(std::move(*client));
  }
  // Not started until now: all of them are in the queue.
  listener->start([&served](Stream stream) { served.push_back(std::move(stream)); });
  listener->stop();
  CHECK(served.size() == 20);
  CHECK(listener->counters().accepted == 20);
  Result<Stream> late = co_await dialer.dial(target_of(*listener), soon(), nullptr);
  CHECK_FALSE(late.has_value());
}

TEST_CASE("stopping takes every connection of the accept queue before it closes") {
  TaskRunner runner;
  runner.run(stop_takes_the_queue(runner.worker()));
}

// Leaves no descriptor free while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int probe = ::dup(0);
    ::close(probe);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(probe);
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

Task<> survives_want_of_descriptors(Worker& worker) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  std::vector<Stream> served;
  Dialer dialer(worker);
  Result<Stream> client = co_await dialer.dial(target_of(*listener), soon(), nullptr);
  REQUIRE(client.has_value());
  {
    const NoDescriptors none;
    listener->start([&served](Stream stream) { served.push_back(std::move(stream)); });
    const bool failed = co_await until(worker, [&] { return listener->counters().failed > 0; });
    CHECK(failed);
    CHECK(served.empty());
  }
  const bool recovered = co_await until(worker, [&] { return served.size() == 1; });
  CHECK(recovered);
}

TEST_CASE("a listener survives running out of descriptors") {
  TaskRunner runner;
  runner.run(survives_want_of_descriptors(runner.worker()));
}

}  // namespace
}  // namespace sluice::io
