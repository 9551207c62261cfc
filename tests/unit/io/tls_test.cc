#include "common/io/tls_context.h"
#include "tests/unit/io/task_runner.h"
#include "tests/unit/io/tls_server.h"

namespace sluice::io {
namespace {

DialTarget target_of(const TlsServer& server, const std::string& host, const std::string& ca) {
  return DialTarget{.host = host, .port = server.port(), .tls = true, .ca_pem = ca};
}

Task<> dial_once(Worker& worker, DialTarget target, std::string& failure) {
  Dialer dialer(worker);
  Result<Stream> stream = co_await dialer.dial(target, soon(), nullptr);
  failure = stream ? "" : stream.error().message;
}

std::string failure_of(const DialTarget& target) {
  TaskRunner runner;
  std::string failure;
  runner.run(dial_once(runner.worker(), target, failure));
  return failure;
}

TEST_CASE("only a certificate of a trusted CA for the right host is accepted") {
  const TestCa ca;
  const TestCa other;
  const TlsServer server(ca.issue("good", "DNS:localhost,IP:127.0.0.1"), "-www");
  CHECK(failure_of(target_of(server, "localhost", ca.pem())).empty());
  CHECK(failure_of(target_of(server, "127.0.0.1", ca.pem())).empty());
  CHECK(failure_of(target_of(server, "localhost", other.pem())).find("certificate") != std::string::npos);
  // The system's CAs do not know ours.
  CHECK(failure_of(target_of(server, "localhost", "")).find("certificate") != std::string::npos);
  CHECK(failure_of(target_of(server, "localhost", "no pem")).find("PEM") != std::string::npos);

  const TlsServer foreign(ca.issue("foreign", "DNS:example.org,IP:127.0.0.2"), "-www");
  CHECK(failure_of(target_of(foreign, "localhost", ca.pem())).find("hostname mismatch") != std::string::npos);
  CHECK(failure_of(target_of(foreign, "127.0.0.1", ca.pem())).find("IP address mismatch") != std::string::npos);
}

TEST_CASE("TLS below 1.2 is refused") {
  const TestCa ca;
  const TlsServer server(ca.issue("old", "DNS:localhost"), "-www -tls1_1 -cipher DEFAULT@SECLEVEL=0");
  CHECK_FALSE(failure_of(target_of(server, "localhost", ca.pem())).empty());
}

Task<> page_by_tls(Worker& worker, DialTarget target) {
  Dialer dialer(worker);
  Result<Stream> stream = co_await dialer.dial(target, soon(), nullptr);
  REQUIRE(stream.has_value());
  CHECK(stream->is_quiet());
  const std::array<std::string_view, 3> pieces{"GET / HTTP/1.0\r\n", "host: localhost\r\n", "\r\n"};
  Result<> sent = co_await stream->write(pieces, soon());
  REQUIRE(sent.has_value());
  Result<> there = co_await stream->wait_readable(soon());
  REQUIRE(there.has_value());
  CHECK_FALSE(stream->is_quiet());
  const std::string page = co_await read_all(*stream);
  CHECK(page.starts_with("HTTP/1.0 200"));
  CHECK(page.find("</HTML>") != std::string::npos);
}

TEST_CASE("requests and answers pass through TLS") {
  const std::string version = GENERATE("-tls1_2", "-tls1_3");
  const TestCa ca;
  const TlsServer server(ca.issue("good", "DNS:localhost"), "-www " + version);
  TaskRunner runner;
  runner.run(page_by_tls(runner.worker(), target_of(server, "localhost", ca.pem())));
}

Task<> write_much(Stream& stream, std::string_view bytes, Result<>& result) {
  const std::array<std::string_view, 2> pieces{bytes.substr(0, 3), bytes.substr(3)};
  result = co_await stream.write(pieces, soon());
}

Task<> echo_by_tls(Worker& worker, DialTarget target) {
  Dialer dialer(worker);
  Result<Stream> stream = co_await dialer.dial(target, soon(), nullptr);
  REQUIRE(stream.has_value());
  std::string sent;
  std::string expected;
  while (sent.size() < (4u << 20)) {
    const std::string line = std::to_string(sent.size()) + std::string(500, 'x');
    sent += line + "\n";
    expected += std::string(line.rbegin(), line.rend()) + "\n";
  }
  Result<> written = fail(ErrorCode::kInternal, "not done");
  worker.spawn(write_much(*stream, sent, written));
  std::string got;
  while (got.size() < expected.size()) {
    Result<std::size_t> more = co_await stream->read_some(worker.scratch(), soon());
    REQUIRE(more.has_value());
    REQUIRE(*more > 0);
    got.append(worker.scratch().data(), *more);
  }
  CHECK(written.has_value());
  CHECK(got == expected);
  CHECK(stream->is_quiet());
}

TEST_CASE("megabytes pass through TLS both ways at once") {
  const TestCa ca;
  const TlsServer server(ca.issue("good", "DNS:localhost"), "-rev");
  TaskRunner runner;
  runner.run(echo_by_tls(runner.worker(), target_of(server, "localhost", ca.pem())));
}

Task<> cut_tls(Worker& worker, const TestCa& ca) {
  std::optional<TlsServer> server;
  server.emplace(ca.issue("good", "DNS:localhost"), "-rev");
  Dialer dialer(worker);
  Result<Stream> stream = co_await dialer.dial(target_of(*server, "localhost", ca.pem()), soon(), nullptr);
  REQUIRE(stream.has_value());
  Result<> sent = co_await stream->write("abc\n", soon());
  REQUIRE(sent.has_value());
  Result<std::size_t> got = co_await stream->read_some(worker.scratch(), soon());
  REQUIRE(got.has_value());
  CHECK(std::string_view(worker.scratch().data(), *got) == "cba\n");
  server.reset();  // killed: its kernel ends the connection, TLS does not
  Result<std::size_t> end = co_await stream->read_some(worker.scratch(), soon());
  REQUIRE_FALSE(end.has_value());
  CHECK(end.error().code == ErrorCode::kClosed);
}

TEST_CASE("a TLS connection that ends without its closing alert was cut") {
  const TestCa ca;
  TaskRunner runner;
  runner.run(cut_tls(runner.worker(), ca));
}

}  // namespace
}  // namespace sluice::io
