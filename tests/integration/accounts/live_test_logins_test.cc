// Live tests of accounts that a person logged in: OpenAI's Responses, Google's Code Assist and Antigravity.
#include <catch2/catch.hpp>

#include "controlplane/accounts/live_test.h"
#include "tests/integration/accounts/upstream.h"

namespace sluice::accounts {

namespace {

using testing::Upstream;

const std::string kStreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream";

struct Told {
  std::string text;
  admin::v1::TestAccountResponse last;
};

Told run(const TestTarget& target) {
  const auto request = test_request(target, "Hi");
  REQUIRE(request.has_value());
  LiveTestOptions options;
  options.allowed_networks = {*parse_network("127.0.0.0/8")};
  Told told;
  run_live_test(target, *request, options,
                {.tell =
                     [&](const auto& event) {
                       told.text += event.text();
                       told.last = event;
                       return true;
                     },
                 .gone = [] { return false; }});
  return told;
}

TestTarget login(const std::string& provider, const std::string& base_url, const std::string& project = "") {
  return {.account_name = "one",
          .provider = provider,
          .base_url = base_url,
          .ca_pem = {},
          .model = "some-model",
          .google_project = project,
          .kind = store::CredentialKind::kAccessToken,
          .secret = Secret("access-token"),
          .proxies = {}};
}

}  // namespace

TEST_CASE("a log-in at OpenAI is tested by Responses") {
  const Upstream upstream(
      kStreamHead,
      "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\"}}\n\n"
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hel\"}\n\n"
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"lo\"}\n\n"
      "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\","
      "\"usage\":{\"input_tokens\":11,\"output_tokens\":3}}}\n\n");
  const Told told = run(login("openai", upstream.url()));
  REQUIRE(told.last.has_done());
  CHECK(told.text == "Hello");
  CHECK(told.last.done().input_tokens() == 11);
  CHECK(told.last.done().output_tokens() == 3);
  CHECK(told.last.done().stop_reason() == "completed");
  const std::string request = upstream.request();
  CHECK(request.starts_with("POST /v1/responses HTTP/1.1\r\n"));
  CHECK(request.find("authorization: Bearer access-token\r\n") != std::string::npos);
  CHECK(request.find(R"("store":false)") != std::string::npos);

  const Upstream folder(kStreamHead,
                        "data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\","
                        "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}\n\n");
  CHECK(run(login("openai", folder.url() + "/backend/codex")).last.done().stop_reason() == "max_output_tokens");
  CHECK(folder.request().starts_with("POST /backend/codex/responses HTTP/1.1\r\n"));
}

TEST_CASE("what Responses says went wrong is shown") {
  const Upstream failed(kStreamHead,
                        "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\","
                        "\"message\":\"It broke.\"}}}\n\n");
  const Told told = run(login("openai", failed.url()));
  REQUIRE(told.last.has_failed());
  CHECK(told.last.failed().message().find("It broke.") != std::string::npos);
  const Upstream error(kStreamHead,
                       "data: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"Slow.\"}\n\n");
  CHECK(run(login("openai", error.url())).last.failed().message().find("Slow.") != std::string::npos);
  const Upstream cut(kStreamHead, "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hel\"}\n\n");
  CHECK(run(login("openai", cut.url())).last.failed().cause() == "cut");
}

TEST_CASE("Antigravity and Code Assist are tested through their wrapper") {
  const auto [provider, wrapped] = GENERATE(table<std::string, bool>({{"antigravity", true}, {"gemini", false}}));
  const std::string inner = R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],)"
                            R"("usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1}})";
  const Upstream upstream(kStreamHead, "data: " + (wrapped ? R"({"response":)" + inner + "}" : inner) + "\n\n");
  const Told told = run(login(provider, upstream.url(), "project-1"));
  REQUIRE(told.last.has_done());
  CHECK(told.text == "Hi");
  CHECK(told.last.done().input_tokens() == 4);
  const std::string request = upstream.request();
  CHECK(request.starts_with("POST /v1internal:streamGenerateContent?alt=sse HTTP/1.1\r\n"));
  CHECK(request.find(R"("project":"project-1")") != std::string::npos);
  CHECK(request.find(R"("model":"some-model")") != std::string::npos);
}

TEST_CASE("a log-in at Google without a project is tested at AI Studio") {
  const Upstream upstream(kStreamHead, "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n");
  CHECK(run(login("gemini", upstream.url())).last.has_done());
  CHECK(upstream.request().starts_with("POST /v1beta/models/some-model:streamGenerateContent?alt=sse"));
}

}  // namespace sluice::accounts
