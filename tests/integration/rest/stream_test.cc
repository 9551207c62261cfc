// Streams over REST: what a client sees of them, and what slow clients, clients that leave and stops do to them.
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "tests/integration/rest/ask.h"
#include "tests/integration/rest/live_server.h"
#include "tests/support/eventually.h"

namespace sluice::api {

using testing::eventually;
using testing::kGenerous;

namespace {

std::string watch(const std::string& wish, const std::string& method = "GET") {
  return request(method, "/admin/v1/live/watch", {}, kToken, "last-event-id: " + wish + "\r\n");
}

RawAnswer ask_for(RawClient& client, const std::string& wish, const std::string& method = "GET") {
  client.send(watch(wish, method));
  return client.read_answer(method == "HEAD");
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

// Waits until the flood stands still, because its client takes nothing.
int stalled(LiveStore& store) {
  int before = -1;
  REQUIRE(eventually(kGenerous, [&] {
    const int now = store.written;
    const bool still = now > 0 && now == std::exchange(before, now);
    if (!still) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return still;
  }));
  return before;
}

}  // namespace

TEST_CASE("messages of a stream are server-sent events") {
  LiveServer server;
  RawClient client(server.port());
  const RawAnswer answer = ask_for(client, "two");
  CHECK(answer.status == 200);
  CHECK(has(answer, "content-type: text/event-stream"));
  CHECK(has(answer, "cache-control: no-store"));
  CHECK(count(answer.body, "\n\n") == 2);
  CHECK(answer.body.starts_with("id: e-1\ndata: {"));
  CHECK(answer.body.find("\n\nid: e-2\ndata: {") != std::string::npos);
  const std::size_t data = answer.body.find("{");
  const auto first = boost::json::parse(answer.body.substr(data, answer.body.find("\n\n") - data));
  CHECK(first.at("snapshot").at("nodes").at(0).at("id") == "node");
  // The connection lives on.
  CHECK(ask(client, "GET", "/healthz").status == 200);
}

TEST_CASE("a stream with nothing in it is an empty answer") {
  LiveServer server;
  RawClient client(server.port());
  const RawAnswer answer = ask_for(client, "empty");
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  CHECK(ask(client, "GET", "/healthz").status == 200);
}

TEST_CASE("an error before the first event is a problem, one after it an event") {
  LiveServer server;
  RawClient client(server.port());
  (void)problem(ask_for(client, "refuse"), 403);
  const RawAnswer answer = ask_for(client, "fail");
  CHECK(answer.status == 200);
  const std::string mark = "\n\nevent: error\ndata: ";
  const std::size_t at = answer.body.find(mark);
  REQUIRE(at != std::string::npos);
  const auto said = boost::json::parse(answer.body.substr(at + mark.size()));
  CHECK(said.at("status") == 503);
  CHECK(said.at("detail") == "as wished");
}

TEST_CASE("events arrive as they happen, and a quiet stream says that it lives") {
  LiveServer server(std::chrono::milliseconds(20));
  RawClient client(server.port());
  client.send(watch("wait"));
  CHECK(client.read_until("\n\n\r\n").find("id: e-1") != std::string::npos);
  (void)client.read_until(": keep-alive\n\n");
  (void)client.read_until(": keep-alive\n\n");
  CHECK(server.store().watching == 1);
}

TEST_CASE("HEAD of a stream gets its head and does not stay") {
  LiveServer server;
  RawClient client(server.port());
  const RawAnswer answer = ask_for(client, "wait", "HEAD");
  CHECK(answer.status == 200);
  CHECK(has(answer, "content-type: text/event-stream"));
  CHECK(eventually(kGenerous, [&] { return server.store().watching == 0; }));
  CHECK(ask(client, "GET", "/healthz").status == 200);
}

TEST_CASE("a client that leaves ends its call") {
  LiveServer server;
  std::optional<RawClient> client(server.port());
  client->send(watch("wait"));
  (void)client->read_until("id: e-1");
  REQUIRE(server.store().watching == 1);
  client.reset();
  CHECK(eventually(kGenerous, [&] { return server.store().watching == 0; }));
  // Nothing of it is left that a drain would wait for.
  server.rest().drain(kGenerous);
}

TEST_CASE("a slow client holds the service, not the server, and gets everything") {
  LiveServer server;
  RawClient slow(server.port());
  slow.send(watch("flood"));
  CHECK(stalled(server.store()) < LiveStore::kFlood);
  RawClient other(server.port());
  CHECK(ask(other, "GET", "/healthz").status == 200);
  const RawAnswer answer = slow.read_answer();
  CHECK(answer.status == 200);
  CHECK(count(answer.body, "id: e-") == LiveStore::kFlood);
  CHECK(answer.body.ends_with("\n\n"));
}

TEST_CASE("a slow client that leaves ends its call") {
  LiveServer server;
  std::optional<RawClient> slow(server.port());
  slow->send(watch("flood"));
  CHECK(stalled(server.store()) < LiveStore::kFlood);
  slow.reset();
  CHECK(eventually(kGenerous, [&] { return server.store().watching == 0; }));
}

TEST_CASE("a drain ends streams at once, whole") {
  LiveServer server;
  RawClient client(server.port());
  client.send(watch("wait"));
  (void)client.read_until("id: e-1");
  server.rest().drain(std::chrono::hours(1));
  CHECK(client.read_to_end().ends_with("0\r\n\r\n"));
  CHECK(eventually(kGenerous, [&] { return server.store().watching == 0; }));
}

TEST_CASE("a stop ends streams whose client is slow") {
  LiveServer server;
  RawClient slow(server.port());
  slow.send(watch("flood"));
  CHECK(stalled(server.store()) < LiveStore::kFlood);
  server.stop_rest();
  CHECK(eventually(kGenerous, [&] { return server.store().watching == 0; }));
}

TEST_CASE("the description shows a stream as events") {
  LiveServer server;
  RawClient client(server.port());
  const RawAnswer answer = ask(client, "GET", "/openapi.json");
  const auto document = boost::json::parse(answer.body);
  const auto& watch_it = document.at("paths").at("/admin/v1/live/watch").at("get");
  const auto& content = watch_it.at("responses").at("200").at("content").as_object();
  CHECK(content.size() == 1);
  CHECK(content.contains("text/event-stream"));
  const auto& parameters = watch_it.at("parameters").as_array();
  REQUIRE(parameters.size() == 1);
  CHECK(parameters.front().at("in") == "header");
  CHECK(parameters.front().at("name") == "last-event-id");
}

}  // namespace sluice::api
