#include "tests/integration/http/client_server.h"

namespace sluice::http {
namespace {

using Stage = ClientError::Stage;

// Fetches once from a server that follows the script.
io::Task<> fetch_once(io::Worker& worker, Script script, ClientLimits limits, Fetched& fetched, int& kept) {
  ScriptedServer server(worker);
  ClientPool pool(worker, limits);
  server.will(std::move(script));
  server.will_answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  fetched = co_await fetch(pool, server.origin(), "");
  if (fetched.error) co_return;
  Fetched second = co_await fetch(pool, server.origin(), "");
  CHECK(second.status == 200);
  kept = pool.counters().reuses > pool.counters().resent ? 1 : 0;
}

struct Outcome {
  Fetched fetched;
  bool kept = false;  // the connection served another request
};

Outcome answered_with(std::vector<std::string> parts, Script::Then then = Script::Then::kKeep,
                      ClientLimits limits = {}) {
  io::TaskRunner runner;
  Fetched fetched;
  int kept = 0;
  runner.run(fetch_once(runner.worker(), Script{.parts = std::move(parts), .then = then}, limits, fetched, kept));
  return Outcome{std::move(fetched), kept == 1};
}

TEST_CASE("client: a body by content-length; the connection is kept") {
  const Outcome outcome = answered_with({"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"});
  CHECK(outcome.fetched.status == 201);
  CHECK(outcome.fetched.body == "hello");
  CHECK(outcome.kept);
}

TEST_CASE("client: an answer cut into pieces at every byte") {
  const std::string answer =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n,\r\n6\r\n world\r\n0\r\nt: "
      "v\r\n\r\n";
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    CAPTURE(cut);
    const Outcome outcome = answered_with({answer.substr(0, cut), answer.substr(cut)});
    CHECK_FALSE(outcome.fetched.error.has_value());
    CHECK(outcome.fetched.body == "hello, world");
    CHECK(outcome.kept);
  }
}

TEST_CASE("client: a chunked answer byte by byte") {
  const std::string answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  std::vector<std::string> parts;
  for (const char c : answer)
    parts.emplace_back(1, c);
  const Outcome outcome = answered_with(parts);
  CHECK(outcome.fetched.body == "hello");
  CHECK(outcome.kept);
}

TEST_CASE("client: interim answers are passed over") {
  const Outcome outcome = answered_with({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"});
  CHECK(outcome.fetched.status == 200);
  CHECK(outcome.fetched.body == "ok");
  CHECK(outcome.kept);
}

TEST_CASE("client: answers without a body") {
  const std::string head =
      GENERATE("HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
               "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  const Outcome outcome = answered_with({head});
  CHECK_FALSE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.body.empty());
  CHECK(outcome.kept);
}

TEST_CASE("client: a body that ends with the connection") {
  const Outcome outcome = answered_with({"HTTP/1.1 200 OK\r\n\r\nall of", " it"}, Script::Then::kClose);
  CHECK_FALSE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.by_close);
  CHECK(outcome.fetched.body == "all of it");
  CHECK_FALSE(outcome.kept);
}

TEST_CASE("client: a connection is not kept against the server's word or with surplus bytes") {
  const std::string answer =
      GENERATE("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
               "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!",
               "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  const Outcome outcome = answered_with({answer});
  CHECK(outcome.fetched.body == "ok");
  CHECK_FALSE(outcome.kept);
}

TEST_CASE("client: a body that is cut is an error, never an end") {
  const std::string answer = GENERATE("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
                                      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                                      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
  const auto then = GENERATE(Script::Then::kClose, Script::Then::kReset);
  const Outcome outcome = answered_with({answer}, then);
  REQUIRE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.error->stage == Stage::kBody);
  CHECK(outcome.fetched.error->error.code == ErrorCode::kClosed);
}

TEST_CASE("client: a connection that ends before or in the head is an error") {
  const std::string start = GENERATE("", "HTTP/1.1 200 OK\r\ncontent-le");
  const Outcome outcome = answered_with({start}, Script::Then::kClose);
  REQUIRE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.error->stage == Stage::kResponseHead);
  CHECK(outcome.fetched.error->error.code == ErrorCode::kClosed);
}

TEST_CASE("client: malformed and ambiguous answers are refused") {
  const std::string answer = GENERATE(
      "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\na: x\r\n folded\r\ncontent-length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  CAPTURE(answer);
  const Outcome outcome = answered_with({answer});
  REQUIRE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.error->stage == Stage::kResponseHead);
  CHECK(outcome.fetched.error->error.code == ErrorCode::kDataLoss);
}

TEST_CASE("client: a bad chunk is refused") {
  const Outcome outcome = answered_with({"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n"});
  REQUIRE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.error->stage == Stage::kBody);
  CHECK(outcome.fetched.error->error.code == ErrorCode::kDataLoss);
}

TEST_CASE("client: the head is bounded, whether it ends or not") {
  ClientLimits limits;
  limits.max_head_bytes = 1000;
  const std::string ending = GENERATE("", "\r\n\r\n");
  const Outcome outcome =
      answered_with({"HTTP/1.1 200 OK\r\na: " + std::string(1100, 'x') + ending}, Script::Then::kKeep, limits);
  REQUIRE(outcome.fetched.error.has_value());
  CHECK(outcome.fetched.error->error.code == ErrorCode::kResourceExhausted);

  const Outcome large =
      answered_with({"HTTP/1.1 200 OK\r\ncontent-length: 2\r\na: " + std::string(60'000, 'x') + "\r\n\r\nok"});
  CHECK(large.fetched.body == "ok");
}

}  // namespace
}  // namespace sluice::http
