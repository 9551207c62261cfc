// Every case of http1_cases.json against a real ServerConnection: once whole, once cut at every position.
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/conformance/echo_server.h"
#include "tests/conformance/raw_client.h"

namespace sluice::http {
namespace {

constexpr std::size_t kCutUpTo = 150;

struct Case {
  std::string id, want, why, raw;
};

// The file holds bytes as the characters U+0000 to U+00FF.
std::string to_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes.push_back(text[i]);
    } else {
      const auto next = static_cast<unsigned char>(text[++i]);
      bytes.push_back(static_cast<char>((byte & 3) << 6 | (next & 63)));
    }
  }
  return bytes;
}

std::vector<Case> load_cases() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/conformance/http1_cases.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<Case> cases;
  for (const auto& entry : boost::json::parse(text).as_array()) {
    const auto field = [&](const char* name) { return std::string(entry.at(name).as_string()); };
    cases.push_back({field("id"), field("want"), field("why"), to_bytes(field("raw"))});
  }
  return cases;
}

std::string body_of(const std::string& raw) {
  if (raw.find("Transfer-Encoding: chunked") != std::string::npos) return "{\"a\":1}";
  return raw.find("Content-Length: 7") != std::string::npos ? "{\"a\":1}" : "";
}

struct Outcome {
  RawAnswer answer;
  std::string rest;
  std::vector<Dispatched> dispatched;
  [[nodiscard]] bool refused() const { return answer.status >= 400 && rest.empty() && dispatched.empty(); }
  [[nodiscard]] bool served_once() const { return answer.status == 200 && rest.empty() && dispatched.size() == 1; }
};

// A refusal must close the connection by itself; after any other answer the client ends its side.
Outcome run(EchoServer& server, const Case& tried, std::size_t cut) {
  RawClient client(server.port());
  client.send(std::string_view(tried.raw).substr(0, cut));
  if (cut < tried.raw.size()) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));  // lets the server see the first part alone, mostly
    client.send(std::string_view(tried.raw).substr(cut));
  }
  Outcome outcome;
  outcome.answer = client.read_answer(tried.raw.starts_with("HEAD "));
  if (outcome.answer.status < 400) client.end_sending();
  outcome.rest = client.read_to_end();
  outcome.dispatched = server.take_dispatched();
  return outcome;
}

void check(const Case& tried, const Outcome& outcome) {
  INFO(tried.id << " (" << tried.why << "): status " << outcome.answer.status << ", then '" << outcome.rest << "', "
                << outcome.dispatched.size() << " dispatched");
  if (tried.want == "accept") {
    REQUIRE(outcome.served_once());
    REQUIRE(outcome.dispatched[0].path == "/v1/x");
    REQUIRE(outcome.dispatched[0].body == body_of(tried.raw));
  } else if (tried.want == "reject") {
    REQUIRE(outcome.refused());
  } else if (tried.want == "desync") {
    REQUIRE((outcome.refused() || outcome.served_once()));
    for (const Dispatched& request : outcome.dispatched)
      REQUIRE(request.path != "/smuggled");
  } else {
    REQUIRE((outcome.refused() || outcome.served_once()));
  }
}

TEST_CASE("hostile and valid requests, whole") {
  EchoServer server;
  const std::vector<Case> cases = load_cases();
  REQUIRE(cases.size() >= 89);
  for (const Case& tried : cases) {
    INFO(tried.id);
    check(tried, run(server, tried, tried.raw.size()));
  }
  CHECK(server.exceptions() == 0);
}

TEST_CASE("hostile and valid requests, cut at every position") {
  EchoServer server;
  for (const Case& tried : load_cases()) {
    if (tried.raw.size() > kCutUpTo) continue;
    for (std::size_t cut = 1; cut < tried.raw.size(); ++cut) {
      INFO(tried.id << " cut at " << cut);
      check(tried, run(server, tried, cut));
    }
  }
  CHECK(server.exceptions() == 0);
}

}  // namespace
}  // namespace sluice::http
