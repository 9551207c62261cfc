// What a connection does over time: keep-alive, pipelining, limits, bodies, streams.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/echo_server.h"
#include "tests/conformance/raw_client.h"

namespace sluice::http {
namespace {

std::string post(std::string_view path, std::string_view body, std::string_view more = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

bool closes(const RawAnswer& answer) {
  return answer.head.find("connection: close\r\n") != std::string::npos;
}

ServerLimits quick(std::chrono::milliseconds ServerLimits::* which) {
  ServerLimits limits;
  limits.*which = std::chrono::milliseconds(100);
  return limits;
}

TEST_CASE("three pipelined requests get three answers in order") {
  EchoServer server;
  RawClient client(server.port());
  client.send(post("/1", "one") + "GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n" +
              "POST /3 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n");
  CHECK(client.read_answer().body == "POST /1\none");
  CHECK(client.read_answer().body == "GET /2\n");
  CHECK(client.read_answer().body == "POST /3\nthree");
  client.end_sending();
  CHECK(client.read_to_end().empty());
  CHECK(server.take_dispatched().size() == 3);
}

TEST_CASE("pipelined requests are told apart wherever the bytes are cut") {
  EchoServer server;
  const std::string all = post("/1", "POST") +
                          "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n" +
                          "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n" + post("/4", "");
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    INFO("cut at " << cut);
    RawClient client(server.port());
    client.send(std::string_view(all).substr(0, cut));
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    client.send(std::string_view(all).substr(cut));
    REQUIRE(client.read_answer().body == "POST /1\nPOST");
    REQUIRE(client.read_answer().body == "POST /2\nGET");
    REQUIRE(client.read_answer().body == "GET /3\n");
    REQUIRE(client.read_answer().body == "POST /4\n");
    client.end_sending();
    REQUIRE(client.read_to_end().empty());
  }
}

TEST_CASE("a connection serves many requests and closes when the client asks") {
  EchoServer server;
  RawClient client(server.port());
  for (int i = 0; i < 50; ++i) {
    client.send(post("/x", std::string(static_cast<std::size_t>(i) * 100, 'b')));
    const RawAnswer answer = client.read_answer();
    REQUIRE(answer.status == 200);
    REQUIRE_FALSE(closes(answer));
    REQUIRE(answer.body.size() == 8 + static_cast<std::size_t>(i) * 100);
    REQUIRE(answer.head.find("\r\ndate: ") != std::string::npos);
  }
  client.send(post("/x", "", "Connection: close\r\n"));
  CHECK(closes(client.read_answer()));
  CHECK(client.read_to_end().empty());
}

TEST_CASE("slow heads, slow bodies and silent connections") {
  {
    EchoServer server(quick(&ServerLimits::head_time));
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: a.t");
    const RawAnswer answer = client.read_answer();
    CHECK(answer.status == 408);
    CHECK(closes(answer));
    CHECK(client.read_to_end().empty());
  }
  {
    EchoServer server(quick(&ServerLimits::body_time));
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf");
    CHECK(client.read_answer().status == 408);
    CHECK(client.read_to_end().empty());
    CHECK(server.take_dispatched().empty());
  }
  {
    EchoServer server(quick(&ServerLimits::idle_time));
    RawClient client(server.port());
    CHECK(client.read_to_end().empty());
  }
}

TEST_CASE("a client that leaves in the middle is dropped without an answer") {
  EchoServer server;
  for (const char* part : {"GET / HT", "POST / HTTP/1.1\r\nHost: a.test\r\n"}) {
    RawClient client(server.port());
    client.send(part);
    client.end_sending();
    CHECK(client.read_to_end().empty());
  }
  CHECK(server.take_dispatched().empty());
}

TEST_CASE("a body that ends early is not dispatched") {
  EchoServer server;
  for (const char* part : {"Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
    RawClient client(server.port());
    client.send(std::string("POST / HTTP/1.1\r\nHost: a.test\r\n") + part);
    client.end_sending();
    CHECK(client.read_answer().status == 400);
    CHECK(client.read_to_end().empty());
  }
  CHECK(server.take_dispatched().empty());
}

TEST_CASE("bodies up to the limit are read, larger ones refused before they are sent") {
  EchoServer server;
  const std::string most(EchoServer::kMaxBody, 'm');
  {
    RawClient client(server.port());
    client.send(post("/x", most));
    CHECK(client.read_answer().body.size() == most.size() + 8);
  }
  {
    RawClient client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read_answer().status == 413);
    CHECK(client.continues() == 0);
    CHECK(client.read_to_end().empty());
  }
  {
    RawClient client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" + most +
                "\r\n1\r\nx");
    CHECK(client.read_answer().status == 413);
    CHECK(client.read_to_end().empty());
  }
}

TEST_CASE("an answer to a body that is still coming is not lost") {
  EchoServer server;
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    const std::string body(900 * 1024, 'b');
    client.send(post(i % 2 == 0 ? "/unread" : "/x", body, i % 2 == 0 ? "" : "Content-Encoding: gzip\r\n"));
    const RawAnswer answer = client.read_answer();
    REQUIRE(answer.status == (i % 2 == 0 ? 401 : 415));
    REQUIRE(closes(answer));
    REQUIRE(client.read_to_end().empty());
  }
}

TEST_CASE("a small body that nobody reads does not end the connection") {
  EchoServer server;
  RawClient client(server.port());
  client.send(post("/unread", "GET /smuggled HTTP/1.1\r\n\r\n"));
  const RawAnswer first = client.read_answer();
  CHECK(first.status == 401);
  CHECK_FALSE(closes(first));
  client.send(post("/x", "y"));
  CHECK(client.read_answer().body == "POST /x\ny");
  CHECK(server.take_dispatched().size() == 2);
}

TEST_CASE("HEAD gets the head of the answer only") {
  EchoServer server;
  RawClient client(server.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  CHECK(client.read_answer(true).head.find("content-length: 8\r\n") != std::string::npos);
  client.send("HEAD /stream HTTP/1.1\r\nHost: a.test\r\n\r\n");
  CHECK(client.read_answer(true).head.find("transfer-encoding: chunked\r\n") != std::string::npos);
  client.send("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  CHECK(client.read_answer().body == "GET /x\n");
}

TEST_CASE("100 Continue is sent when the body is wanted, and only then") {
  EchoServer server;
  {
    RawClient client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    client.await_continue();
    client.send("body");
    CHECK(client.read_answer().body == "POST /x\nbody");
    CHECK(client.continues() == 1);
  }
  {
    RawClient client(server.port());
    client.send("POST /unread HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    const RawAnswer answer = client.read_answer();
    CHECK(answer.status == 401);
    CHECK(closes(answer));
    CHECK(client.continues() == 0);
    client.send("body");
    CHECK(client.read_to_end().empty());
  }
  {
    RawClient client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read_answer().body == "POST /x\n");
    CHECK(client.continues() == 0);
  }
}

TEST_CASE("streams of every length arrive whole and the connection lives on") {
  EchoServer server;
  RawClient client(server.port());
  for (const std::size_t size : {0, 1, 15, 16, 17, 32, 33, 5000}) {
    const std::string body(size, 's');
    client.send(post("/stream", body));
    const RawAnswer answer = client.read_answer();
    REQUIRE(answer.status == 200);
    REQUIRE(answer.body == body);
    REQUIRE_FALSE(closes(answer));
  }
}

TEST_CASE("a client that takes no bytes is cut") {
  EchoServer server(quick(&ServerLimits::write_stall));
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 64; ++i)
    requests += "GET /large HTTP/1.1\r\nHost: a.test\r\n\r\n";
  client.send(requests);
  // The sockets hold a few answers of 1 MiB; then the server waits and gives up.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::size_t served = 0;
  while ((served == 0 || server.sessions() > 0) && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    served += server.take_dispatched().size();
  }
  CHECK(server.sessions() == 0);
  CHECK(served > 0);
  CHECK(served < 64);
}

}  // namespace
}  // namespace sluice::http
