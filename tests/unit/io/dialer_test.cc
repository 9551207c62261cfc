#include "common/io/dialer.h"

#include <sys/socket.h>

#include "common/io/resolver.h"
#include "tests/unit/io/task_runner.h"

namespace sluice::io {
namespace {

using std::chrono::milliseconds;

Task<> names_and_addresses(Worker& worker) {
  Resolver resolver(worker);
  Result<std::vector<boost::asio::ip::address>> numeric = co_await resolver.resolve("::1", soon());
  REQUIRE(numeric.has_value());
  CHECK(numeric->front().to_string() == "::1");
  for (int i = 0; i < 2; ++i) {
    Result<std::vector<boost::asio::ip::address>> local = co_await resolver.resolve("localhost", soon());
    REQUIRE(local.has_value());
    CHECK(local->front().is_loopback());
  }
  Result<std::vector<boost::asio::ip::address>> unknown = co_await resolver.resolve("no-such-host.invalid", soon());
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().message.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("names are resolved, addresses are their own answer") {
  TaskRunner runner;
  runner.run(names_and_addresses(runner.worker()));
}

Task<> by_name(Worker& worker) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  std::optional<Stream> served;
  listener->start([&served](Stream stream) { served.emplace(std::move(stream)); });
  Dialer dialer(worker);
  DialTarget target{.host = "localhost", .port = listener->port(), .tls = false, .ca_pem = {}};
  // localhost may also be ::1, where nobody listens: the next address is tried.
  Result<Stream> stream = co_await dialer.dial(target, soon(), nullptr);
  REQUIRE(stream.has_value());
}

TEST_CASE("a host is dialled by name") {
  TaskRunner runner;
  runner.run(by_name(runner.worker()));
}

std::uint16_t free_port(Worker& worker) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  return listener->port();
}

Task<> refused(Worker& worker) {
  Dialer dialer(worker);
  DialTarget target{.host = "127.0.0.1", .port = free_port(worker), .tls = false, .ca_pem = {}};
  Result<Stream> stream = co_await dialer.dial(target, soon(), nullptr);
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().code == ErrorCode::kUnavailable);
  CHECK(stream.error().message.find("127.0.0.1 port") != std::string::npos);
}

TEST_CASE("a refused connection is an error that names the host") {
  TaskRunner runner;
  runner.run(refused(runner.worker()));
}

Task<> cancel_later(Worker& worker, Cancel& cancel) {
  const SteadyTime when = in(milliseconds(60));
  co_await worker.sleep_until(when);
  cancel.cancel();
}

// A server that takes connections but never answers the TLS greeting.
Task<> silent_tls(Worker& worker, bool cancelled) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  Dialer dialer(worker);
  DialTarget target{.host = "127.0.0.1", .port = listener->port(), .tls = true, .ca_pem = {}};
  Cancel cancel;
  if (cancelled) worker.spawn(cancel_later(worker, cancel));
  const SteadyTime deadline = cancelled ? soon() : in(milliseconds(120));
  Result<Stream> stream = co_await dialer.dial(target, deadline, &cancel);
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().code == (cancelled ? ErrorCode::kCancelled : ErrorCode::kDeadlineExceeded));
}

TEST_CASE("a handshake that does not come ends at the deadline or when cancelled") {
  const bool cancelled = GENERATE(false, true);
  TaskRunner runner;
  runner.run(silent_tls(runner.worker(), cancelled));
}

}  // namespace
}  // namespace sluice::io
