#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "dataplane/admin/server.h"

namespace sluice::admin {
namespace {

using boost::asio::ip::tcp;
using Catch::Contains;

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};

// One request on its own connection; reads until the server closes.
Answer ask(std::uint16_t port, const std::string& method, const std::string& path) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  socket.connect(tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), port));
  boost::asio::write(socket,
                     boost::asio::buffer(method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
  std::string all;
  boost::system::error_code end;
  boost::asio::read(socket, boost::asio::dynamic_buffer(all), end);
  REQUIRE(end == boost::asio::error::eof);
  REQUIRE(all.starts_with("HTTP/1.1 "));
  const std::size_t blank = all.find("\r\n\r\n");
  REQUIRE(blank != std::string::npos);
  return {.status = std::stoi(all.substr(9, 3)), .head = all.substr(0, blank), .body = all.substr(blank + 4)};
}

struct Endpoint {
  Endpoint() {
    Checks checks;
    checks.emplace_back("config", [this]() -> Result<> {
      if (has_config) return {};
      return fail(ErrorCode::kUnavailable, "no \"config\" has arrived yet");
    });
    checks.emplace_back("journal", []() -> Result<> { return {}; });
    auto opened = Server::open("127.0.0.1", 0, clock, std::move(checks), metrics);
    REQUIRE(opened.has_value());
    server = std::move(*opened);
  }
  Answer get(const std::string& path) { return ask(server->port(), "GET", path); }

  RealClock clock;
  observe::MetricsRegistry metrics;
  std::atomic<bool> has_config = false;
  std::unique_ptr<Server> server;
};

TEST_CASE("the node is alive whether it is ready or not") {
  Endpoint endpoint;
  CHECK(endpoint.get("/healthz").status == 200);
}

TEST_CASE("readiness is 503 with the failing checks and their reasons, then 200") {
  Endpoint endpoint;
  const Answer failing = endpoint.get("/readyz");
  CHECK(failing.status == 503);
  const auto body = boost::json::parse(failing.body);
  CHECK_FALSE(body.at("ready").as_bool());
  CHECK(body.at("failing").as_object().size() == 1);
  CHECK(body.at("failing").at("config") == "no \"config\" has arrived yet");

  endpoint.has_config = true;
  const Answer ready = endpoint.get("/readyz");
  CHECK(ready.status == 200);
  CHECK(boost::json::parse(ready.body).at("failing").as_object().empty());
}

TEST_CASE("metrics are served in the text format") {
  Endpoint endpoint;
  endpoint.metrics.counter("sluice_test_total", "Counts.").Increment(3);
  const Answer answer = endpoint.get("/metrics");
  CHECK(answer.status == 200);
  CHECK_THAT(answer.head, Contains("text/plain; version=0.0.4"));
  CHECK_THAT(answer.body, Contains("sluice_test_total 3\n"));
}

TEST_CASE("other paths are 404, other methods 405 with the allowed ones") {
  Endpoint endpoint;
  for (const char* path : {"/", "/healthz/", "/metrics/x", "/v1/messages"}) {
    CAPTURE(path);
    CHECK(endpoint.get(path).status == 404);
  }
  for (const char* method : {"POST", "DELETE", "OPTIONS"}) {
    CAPTURE(method);
    const Answer refused = ask(endpoint.server->port(), method, "/metrics");
    CHECK(refused.status == 405);
    CHECK_THAT(refused.head, Contains("allow: GET"));
  }
}

TEST_CASE("an address in use is an error") {
  Endpoint endpoint;
  boost::asio::io_context context;
  tcp::acceptor taken(context);
  taken.open(tcp::v4());
  taken.bind(tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  taken.listen();
  const auto opened = Server::open("127.0.0.1", taken.local_endpoint().port(), endpoint.clock, {}, endpoint.metrics);
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message, Contains(std::to_string(taken.local_endpoint().port())));
}

}  // namespace
}  // namespace sluice::admin
