#include <random>

#include "tests/integration/http/client_server.h"

namespace sluice::http {
namespace {

struct Tally {
  int good = 0;
  int failed = 0;
  int mixed_up = 0;  // an answer that belongs to another request
  int running = 0;
};

// Echoes bodies in every framing, and breaks off in every way, as `dice` will have it.
io::Task<> echo(io::Worker& worker, std::shared_ptr<io::Stream> stream, std::mt19937& dice) {
  std::string text;
  char buffer[4096];
  for (;;) {
    std::size_t end = text.find("\r\n\r\n");
    const std::size_t length =
        end == std::string::npos ? 0 : std::stoul(text.substr(text.find("content-length: ") + 16));
    if (end == std::string::npos || text.size() < end + 4 + length) {
      Result<std::size_t> got = co_await stream->read_some(buffer, io::soon());
      if (!got || *got == 0) co_return;
      text.append(buffer, *got);
      continue;
    }
    const std::string body = text.substr(end + 4, length);
    text.erase(0, end + 4 + length);
    const std::string sized = "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n";
    std::string answer;
    const unsigned roll = dice() % 20;
    if (roll == 0) co_return;
    if (roll <= 8) answer = sized + "\r\n" + body;
    if (roll > 8 && roll <= 16) {
      answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
      for (const char c : body)
        answer += std::string("1\r\n") + c + "\r\n";
      answer += "0\r\n\r\n";
    }
    if (roll == 17) answer = sized + "connection: close\r\n\r\n" + body;
    if (roll == 18) answer = "HTTP/1.1 100 Continue\r\n\r\n" + sized + "\r\n" + body.substr(0, 3);
    if (roll == 19) answer = "HTTP/1.1 200 OK\r\n\r\n" + body;
    const std::size_t cut = dice() % answer.size();
    Result<> first = co_await stream->write(std::string_view(answer).substr(0, cut), io::soon());
    co_await io::yield(worker);
    Result<> second = co_await stream->write(std::string_view(answer).substr(cut), io::soon());
    if (!first || !second || roll >= 17) co_return;
  }
}

io::Task<> cancel_soon(io::Worker& worker, std::shared_ptr<ClientCancel> cancel, unsigned turns) {
  for (unsigned i = 0; i < turns; ++i)
    co_await io::yield(worker);
  cancel->cancel();
}

io::Task<> ask(io::Worker& worker, ClientPool& pool, Origin origin, int id, std::mt19937& dice, Tally& tally) {
  ++tally.running;
  for (int i = 0; i < 60; ++i) {
    const std::string body = "request " + std::to_string(id) + "/" + std::to_string(i);
    ClientRequest request{.origin = &origin, .method = "POST", .target = "/", .fields = {}, .body = body};
    auto cancel = std::make_shared<ClientCancel>();
    if (dice() % 6 == 0) worker.spawn(cancel_soon(worker, cancel, dice() % 8));
    std::expected<ClientResponse, ClientError> response = co_await pool.send(request, io::soon(), cancel.get());
    if (!response) {
      ++tally.failed;
      continue;
    }
    if (dice() % 10 == 0) continue;  // loses interest
    Result<std::string> got = co_await response->read_whole_body(1000, io::soon());
    if (!got) {
      ++tally.failed;
    } else if (*got == body) {
      ++tally.good;
    } else {
      ++tally.mixed_up;
    }
  }
  --tally.running;
}

io::Task<> stress(io::Worker& worker, std::mt19937& dice) {
  Result<io::Listener> listener = io::Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  listener->start([&worker, &dice](io::Stream stream) {
    worker.spawn(echo(worker, std::make_shared<io::Stream>(std::move(stream)), dice));
  });
  const Origin origin{.tls = false, .host = "127.0.0.1", .port = listener->port(), .ca_pem = {}};
  ClientPool pool(worker, {});
  Tally tally;
  for (int id = 0; id < 40; ++id)
    worker.spawn(ask(worker, pool, origin, id, dice, tally));
  const bool started = co_await io::until(worker, [&tally] { return tally.running > 0; });
  CHECK(started);
  const bool ended = co_await io::until(worker, [&tally] { return tally.running == 0; });
  CHECK(ended);
  CHECK(tally.mixed_up == 0);
  CHECK(tally.good > 1000);
  CHECK(tally.failed > 0);
  CHECK(pool.counters().reuses > 500);
  CHECK(pool.counters().resent > 0);
}

TEST_CASE("pool: under breaking servers and cancelled requests every answer belongs to its request") {
  const unsigned seed = GENERATE(take(3, random(0u, 1u << 30)));
  CAPTURE(seed);
  std::mt19937 dice(seed);
  io::TaskRunner runner;
  runner.run(stress(runner.worker(), dice));
}

}  // namespace
}  // namespace sluice::http
