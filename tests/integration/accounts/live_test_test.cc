// Live tests of accounts against upstreams and proxies on real sockets.
#include "controlplane/accounts/live_test.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "tests/integration/accounts/upstream.h"
#include "tests/support/egress_proxy.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"

namespace sluice::accounts {

namespace {

using testing::eventually;
using testing::kGenerous;
using testing::Upstream;
using Events = std::vector<admin::v1::TestAccountResponse>;

const std::string kSecretText = "sk-very-secret-0123456789";
const std::string kStreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8";

TestTarget target_of(const std::string& base_url, const std::string& provider = "anthropic") {
  TestTarget target;
  target.account_name = "one";
  target.provider = provider;
  target.base_url = base_url;
  target.model = "some-model";
  target.secret = Secret(kSecretText);
  return target;
}

LiveTestOptions loopback() {
  LiveTestOptions options;
  options.allowed_networks = {*parse_network("127.0.0.0/8")};
  options.user_agent = "Sluice/test";
  return options;
}

Events events_of(const TestTarget& target, const LiveTestOptions& options = loopback()) {
  const auto request = test_request(target, "");
  REQUIRE(request.has_value());
  Events events;
  run_live_test(target, *request, options,
                {.tell =
                     [&](const auto& event) {
                       events.push_back(event);
                       return true;
                     },
                 .gone = [] { return false; }});
  REQUIRE_FALSE(events.empty());
  CHECK(events.front().has_started());
  for (const auto& event : events)
    CHECK(event.DebugString().find(kSecretText) == std::string::npos);
  return events;
}

std::string text_of(const Events& events) {
  std::string text;
  for (const auto& event : events)
    text += event.text();
  return text;
}

const admin::v1::TestAccountResponse* answered_in(const Events& events) {
  for (const auto& event : events) {
    if (event.has_answered()) return &event;
  }
  return nullptr;
}

std::string cause_in(const Events& events) {
  REQUIRE(events.back().has_failed());
  CHECK_FALSE(events.back().failed().message().empty());
  CHECK_FALSE(events.back().failed().advice().empty());
  return events.back().failed().cause();
}

struct Fake {
  Fake()
      : port(testing::free_port()), process({.argv = {program(), "--listen", "127.0.0.1:" + std::to_string(port)}}) {}
  static std::string program() {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fakes/fake-anthropic").string();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  std::uint16_t port;
  testing::Process process;
};

// The first whose upstream listens.
Events from_fake(const TestTarget& target) {
  Events events;
  REQUIRE(eventually(kGenerous, [&] {
    events = events_of(target);
    return !(events.back().has_failed() && events.back().failed().status() == 0);
  }));
  return events;
}

}  // namespace

TEST_CASE("a test of an Anthropic account tells each step up to the usage") {
  const Fake fake;
  const Events events = from_fake(target_of(fake.url()));
  REQUIRE(events.back().has_done());
  CHECK(events.back().done().input_tokens() > 0);
  CHECK(events.back().done().output_tokens() > 0);
  CHECK_FALSE(events.back().done().stop_reason().empty());
  REQUIRE(events.size() > 5);
  CHECK(events[0].started().url() == fake.url() + "/v1/messages");
  CHECK(events[0].started().upstream_model() == "some-model");
  CHECK(events[1].connecting().address() == "127.0.0.1:" + std::to_string(fake.port));
  CHECK(events[1].connecting().egress_proxy().empty());
  CHECK(events[2].sent().bytes() > 0);
  CHECK(events[3].answered().status() == 200);
  CHECK_FALSE(text_of(events).empty());
  for (std::size_t i = 1; i < events.size(); ++i)
    CHECK(events[i].elapsed_ms() >= events[i - 1].elapsed_ms());
}

TEST_CASE("what an Anthropic account is refused for has a cause") {
  const Fake fake;
  static_cast<void>(from_fake(target_of(fake.url())));
  const auto cause = [&](const std::string& faults) {
    TestTarget target = target_of(fake.url());
    target.model = "fake:" + faults;
    return cause_in(events_of(target));
  };
  CHECK(cause("status=401") == "credential");
  CHECK(cause("status=404") == "model");
  CHECK(cause("status=429,retry-after=2") == "rate_limit");
  CHECK(cause("status=400") == "request");
  CHECK(cause("status=529") == "upstream");
  CHECK(cause("error-event=rate_limit_error,at-event=1") == "rate_limit");
  CHECK(cause("cut=mid-content,after=3,rst") == "cut");
}

TEST_CASE("a test goes through the account's proxy, and past one that is away") {
  const Fake fake;
  static_cast<void>(from_fake(target_of(fake.url())));
  for (const auto kind : {testing::EgressProxy::Kind::kHttpConnect, testing::EgressProxy::Kind::kSocks5}) {
    testing::EgressProxy away(kind);
    away.stop();
    testing::EgressProxy proxy(kind, "ann", "proxy-password");
    TestTarget target = target_of(fake.url());
    target.proxies.push_back({.name = "away", .url = away.url(), .username = {}, .password = {}});
    target.proxies.push_back(
        {.name = "works", .url = proxy.url(), .username = "ann", .password = Secret("proxy-password")});
    const Events events = events_of(target);
    REQUIRE(events.back().has_done());
    CHECK(proxy.tunnels() == 1);
    CHECK(events[1].connecting().egress_proxy() == "away");
    CHECK(events[2].connecting().egress_proxy() == "works");
    CHECK(events[2].connecting().address() == "127.0.0.1:" + std::to_string(proxy.port()));
    target.proxies.pop_back();
    CHECK(cause_in(events_of(target)) == "proxy");  // and not directly
  }
}

TEST_CASE("an OpenAI stream is read, and its credential goes into its own header") {
  const Upstream upstream(kStreamHead + "\r\nX-Request-Id: req-7\r\nSet-Cookie: a=b",
                          "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
                          "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n"
                          "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n"
                          "data: [DONE]\n\n");
  const Events events = events_of(target_of(upstream.url(), "openai"));
  REQUIRE(events.back().has_done());
  CHECK(text_of(events) == "Hello");
  CHECK(events.back().done().input_tokens() == 9);
  CHECK(events.back().done().output_tokens() == 2);
  CHECK(events.back().done().stop_reason() == "stop");
  REQUIRE(answered_in(events) != nullptr);
  CHECK(answered_in(events)->answered().headers().at("x-request-id") == "req-7");
  CHECK(answered_in(events)->answered().headers().count("set-cookie") == 0);
  const std::string request = upstream.request();
  CHECK(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  CHECK(request.find("authorization: Bearer " + kSecretText + "\r\n") != std::string::npos);
  CHECK(request.find("User-Agent: Sluice/test\r\n") != std::string::npos);
}

TEST_CASE("a Gemini stream is read, and its model is one segment of the path") {
  const Upstream upstream(kStreamHead,
                          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}]}\r\n\r\n"
                          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"!\"}]},\"finishReason\":"
                          "\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":1}}\r\n\r\n");
  TestTarget target = target_of(upstream.url(), "gemini");
  target.model = "a/../b?key=x";
  const Events events = events_of(target);
  REQUIRE(events.back().has_done());
  CHECK(text_of(events) == "Hi!");
  CHECK(events.back().done().input_tokens() == 4);
  const std::string request = upstream.request();
  CHECK(request.starts_with("POST /v1beta/models/a%2F..%2Fb%3Fkey%3Dx:streamGenerateContent?alt=sse HTTP/1.1\r\n"));
  CHECK(request.find("x-goog-api-key: " + kSecretText + "\r\n") != std::string::npos);
}

TEST_CASE("an upstream that gives the credential back does not get it shown") {
  const Upstream refuses("HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nX-Request-Id: " + kSecretText,
                         R"({"error":{"message":"bad key )" + kSecretText + R"("}})");
  const Events events = events_of(target_of(refuses.url(), "openai"));
  CHECK(cause_in(events) == "credential");
  CHECK(events.back().failed().message() == "answered 401: bad key [credential]");
  const Upstream says(
      kStreamHead, "data: {\"choices\":[{\"delta\":{\"content\":\"" + kSecretText + "\"}}]}\n\n" + "data: [DONE]\n\n");
  CHECK(text_of(events_of(target_of(says.url(), "openai"))) == "[credential]");
}

TEST_CASE("a hostile answer ends within its bounds") {
  const std::string endless = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
  LiveTestOptions options = loopback();
  options.answer_bytes = 20'000;
  const Upstream flood(kStreamHead, std::string(15'000, 'x'), Upstream::End::kEndless);
  CHECK(cause_in(events_of(target_of(flood.url(), "openai"), options)) == "too_large");

  options = loopback();
  options.total = std::chrono::milliseconds(300);
  const Upstream drip(kStreamHead, endless, Upstream::End::kEndless);
  CHECK(cause_in(events_of(target_of(drip.url(), "openai"), options)) == "timeout");

  const Upstream page("HTTP/1.1 200 OK\r\nContent-Type: text/html", "<p>Welcome");
  CHECK(cause_in(events_of(target_of(page.url()))) == "not_a_stream");
  const Upstream moved("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/", "");
  CHECK(cause_in(events_of(target_of(moved.url()))) == "not_a_stream");
  const Upstream deep(kStreamHead, "data: " + std::string(100'000, '[') + "\n\ndata: \xff\xfe\n\ndata: 7\n\n");
  CHECK(cause_in(events_of(target_of(deep.url()))) == "cut");
}

TEST_CASE("nothing is sent to an internal address that nobody listed") {
  const Upstream upstream(kStreamHead, "");
  CHECK(cause_in(events_of(target_of(upstream.url()), {})) == "internal_address");
  CHECK(upstream.request().empty());
}

TEST_CASE("a test ends when its caller leaves") {
  const Upstream drip(kStreamHead, "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
                      Upstream::End::kEndless);
  const TestTarget target = target_of(drip.url(), "openai");
  const auto request = test_request(target, "");
  REQUIRE(request.has_value());
  int texts = 0;
  run_live_test(
      target, *request, loopback(),
      {.tell = [&](const auto& event) { return event.text().empty() || ++texts < 3; }, .gone = [] { return false; }});
  CHECK(texts == 3);
  CHECK(eventually(kGenerous, [&] { return drip.ended() == 1; }));
}

}  // namespace sluice::accounts
