#include "common/http/request_parser.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::http {
namespace {

struct Parsed {
  HeadScanner::Found found = HeadScanner::Found::kMore;
  std::string text;
  RequestHead head;
  Refusal refusal;
  [[nodiscard]] unsigned status() const { return found == HeadScanner::Found::kHead ? 0 : refusal.status; }
};

// Feeds `wire` one more `step` of bytes at a time. The result is filled in place: the head points into its text.
void parse(Parsed& out, std::string wire, std::size_t step = 1'000'000, std::size_t max_fields = 16) {
  HeadScanner scanner;
  out.text = std::move(wire);
  for (std::size_t size = std::min(step, out.text.size());; size = std::min(size + step, out.text.size())) {
    out.found = scanner.scan(std::string_view(out.text).substr(0, size), 32 * 1024, out.refusal);
    if (out.found != HeadScanner::Found::kMore || size == out.text.size()) break;
  }
  if (out.found != HeadScanner::Found::kHead) return;
  out.text.resize(scanner.head_bytes());
  if (!parse_request_head(out.text, max_fields, out.head, out.refusal)) out.found = HeadScanner::Found::kRefused;
}

unsigned status_of(const std::string& wire) {
  Parsed parsed;
  parse(parsed, wire);
  INFO(wire);
  REQUIRE(parsed.found != HeadScanner::Found::kMore);
  return parsed.status();
}

// A GET of `target`, and a POST with these extra lines.
unsigned target(const std::string& text) {
  return status_of("GET " + text + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
}
unsigned lines(const std::string& text) {
  return status_of("POST /v1/x HTTP/1.1\r\nHost: a.test\r\n" + text + "\r\n\r\n");
}
unsigned host(const std::string& text) {
  return status_of("GET / HTTP/1.1\r\nHost: " + text + "\r\n\r\n");
}

TEST_CASE("a head is read the same however it is cut") {
  const std::string wire =
      "POST /v1/messages?beta=true&x HTTP/1.1\r\nHost: api.test:8080\r\nX-Api-Key:\t sk-1 \r\nX-Empty:\r\n"
      "Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: x, Close\r\n\r\n{\"a\": 1}";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    Parsed parsed;
    parse(parsed, wire, step);
    REQUIRE(parsed.found == HeadScanner::Found::kHead);
    REQUIRE(parsed.text.ends_with("\r\n\r\n"));
    const RequestHead& head = parsed.head;
    REQUIRE(head.method == "POST");
    REQUIRE(head.path == "/v1/messages");
    REQUIRE(head.query == "beta=true&x");
    REQUIRE(head.host == "api.test:8080");
    REQUIRE(head.fields.size() == 6);
    REQUIRE(find(head.fields, "x-api-key") == "sk-1");
    REQUIRE(find(head.fields, "X-EMPTY") == "");
    REQUIRE_FALSE(find(head.fields, "x-other"));
    REQUIRE(head.framing.kind == BodyFraming::Kind::kLength);
    REQUIRE(head.framing.length == 12);
    REQUIRE(head.expects_continue);
    REQUIRE_FALSE(head.keep_alive);
  }
}

TEST_CASE("nothing of an earlier head stays behind") {
  RequestHead head;
  Refusal refusal;
  const std::string first = "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n";
  REQUIRE(parse_request_head(first, 8, head, refusal));
  CHECK(head.framing.kind == BodyFraming::Kind::kChunked);
  REQUIRE(parse_request_head("GET / HTTP/1.1\r\nHost: b\r\n\r\n", 8, head, refusal));
  CHECK(head.framing.kind == BodyFraming::Kind::kNone);
  CHECK(head.keep_alive);
  CHECK(head.query.empty());
  CHECK(head.host == "b");
  CHECK(head.fields.size() == 1);
}

TEST_CASE("the method is a token that is offered") {
  CHECK(status_of("PURGE / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK(status_of("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(status_of("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(status_of(std::string(25, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(status_of("GE(T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("the version is HTTP/1.1") {
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 505);
  CHECK(status_of("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.2\r\nHost: a\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(status_of("GET / http/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1 \r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("targets") {
  for (const char* good :
       {"/", "/v1/x", "/v1/models/gemini-2.5:streamGenerateContent?alt=sse", "/a?b=%2f..%00/../c", "/%e4%bd%a0",
        "/a.b/...", "/.well-known/x", "/a/%2e.b", "http://a.test/v1/x", "HTTP://A.TEST", "https://a.test?q"}) {
    INFO(good);
    CHECK(target(good) == 0);
  }
  for (const char* bad : {"v1/x",
                          "*",
                          "/a#b",
                          "/a\\b",
                          "/a\x80",
                          "/a\tb",
                          "/..",
                          "/.",
                          "/a/../b",
                          "/a/./b",
                          "/a/..",
                          "/%2e",
                          "/a/%2E%2e/b",
                          "/a/.%2e?x",
                          "/a%2fb",
                          "/a%2Fb",
                          "/a%5cb",
                          "/a%00",
                          "/a%0d%0a",
                          "/a%7f",
                          "/a%",
                          "/a%g0",
                          "/a%2",
                          "http://b.test/",
                          "http://a.test:80/",
                          "http://x@a.test/",
                          "http:///x",
                          "ftp://a.test/"}) {
    INFO(bad);
    CHECK(target(bad) == 400);
  }
  CHECK(target("/" + std::string(8 * 1024 - 1, 'a')) == 0);
  CHECK(target("/" + std::string(8 * 1024, 'a')) == 414);
}

TEST_CASE("an absolute target without a path means the root") {
  Parsed parsed;
  parse(parsed, "GET http://a.test?q HTTP/1.1\r\nHost: A.test\r\n\r\n");
  CHECK(parsed.head.path == "/");
  CHECK(parsed.head.query == "q");
}

TEST_CASE("there is exactly one valid host") {
  for (const char* good : {"a", "a.test:8080", "127.0.0.1:1", "[::1]", "[fe80::1]:443", "my_service", "A-b.C"}) {
    INFO(good);
    CHECK(host(good) == 0);
  }
  for (const char* bad : {"", "a b", "a/x", "x@a", "a:", "a:0", "a:65536", "a:x", "a:1:2", ":80", "[::1", "[1]",
                          "[::1]x", "[::g]", "a,b", "a%41", "a?b", "\xc3\xa9"}) {
    INFO(bad);
    CHECK(host(bad) == 400);
  }
  CHECK(host(std::string(256, 'a')) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(lines("Host: a.test") == 400);
  CHECK(lines("hOST: other") == 400);
}

TEST_CASE("framing has one form") {
  CHECK(lines("Content-Length: 0") == 0);
  CHECK(lines("Content-Length: 9999999999999999999") == 0);
  for (const char* bad : {"", "+7", "-1", "0x7", "7abc", "7.0", "7,7", "7 7", "7,", "10000000000000000000",
                          "\xa0"
                          "7"}) {
    INFO(bad);
    CHECK(lines(std::string("Content-Length: ") + bad) == 400);
  }
  CHECK(lines("Content-Length: 7\r\nContent-Length: 7") == 400);
  CHECK(lines("Transfer-Encoding: CHUNKED") == 0);
  for (const char* bad :
       {"", "xchunked", "gzip, chunked", "chunked, chunked", "chunked;a=b", "\"chunked\"", "identity", "chunked,"}) {
    INFO(bad);
    CHECK(lines(std::string("Transfer-Encoding: ") + bad) == 400);
  }
  CHECK(lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == 400);
  CHECK(lines("Transfer-Encoding: chunked\r\nContent-Length: 7") == 400);
  CHECK(lines("Content-Length: 7\r\nTransfer-Encoding: chunked") == 400);
}

TEST_CASE("fields that decide stand once") {
  for (const char* name : {"Authorization", "x-api-key", "X-Goog-Api-Key", "Content-Type", "content-encoding"}) {
    INFO(name);
    const std::string line = std::string(name) + ": identity";
    CHECK(lines(line) == 0);
    CHECK(lines(line + "\r\n" + line) == 400);
  }
  CHECK(lines("X-Other: a\r\nX-Other: b") == 0);
}

TEST_CASE("encoded bodies and unknown expectations are refused, upgrades are passed over") {
  CHECK(lines("Content-Encoding: gzip") == 415);
  CHECK(lines("Content-Encoding: identity, gzip") == 415);
  CHECK(lines("Expect: 200-ok") == 417);
  CHECK(lines("Connection: Upgrade\r\nUpgrade: h2c") == 0);
}

TEST_CASE("header lines have one form") {
  CHECK(lines("X-A: caf\xc3\xa9\tb") == 0);
  for (const std::string& bad :
       {std::string("X_A: b"), std::string("X A: b"), std::string("X-A : b"), std::string(" X: b"),
        std::string("\tX: b"), std::string(": b"), std::string("X-A"), std::string("X[]: b"), std::string("X-A: a\rb"),
        std::string("X-A: a\nb"), std::string("X-A: a\x7f"), std::string("X-A: a\x0b"), std::string("X-A: a\0b", 8),
        std::string("X\0: b", 5), std::string("X-A: b\r\n c"), std::string("X\xc3: b")}) {
    INFO(bad);
    CHECK(lines(bad) == 400);
  }
}

TEST_CASE("limits have their own answers") {
  CHECK(lines("X: " + std::string(32 * 1024, 'a')) == 431);
  CHECK(status_of("GET /" + std::string(40 * 1024, 'a')) == 414);
  std::string fields;
  for (int i = 0; i < 15; ++i)
    fields += "X-" + std::to_string(i) + ": 1\r\n";
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "X: 1\r\n\r\n") == 431);
}

TEST_CASE("garbage is refused without waiting for the end of a head") {
  for (const std::string& garbage : {std::string("\x16\x03\x01"), std::string("\r\n"), std::string("\n"),
                                     std::string(1, '\0'), std::string(" GET"), std::string("GET / HTTP/1.1\n")}) {
    CHECK(status_of(garbage) == 400);
  }
  Parsed parsed;
  parse(parsed, "GET / HTTP/1.1\r\nHost: a\r\n\r");
  CHECK(parsed.found == HeadScanner::Found::kMore);
}

}  // namespace
}  // namespace sluice::http
