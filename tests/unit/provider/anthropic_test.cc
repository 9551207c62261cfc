#include <catch2/catch.hpp>

#include "dataplane/provider/registry.h"

using namespace sluice;

namespace {

std::string value_of(const provider::UpstreamRequest& request, std::string_view name) {
  return std::string(http::find(request.fields, name).value_or("(none)"));
}

struct Given {
  http::RequestHead head;
  snapshot::AccountEntry account;
  snapshot::CredentialEntry credential;
  provider::UpstreamRequest built;

  Given() {
    head.method = "POST";
    head.path = "/v1/messages";
    account.id = "account";
    account.base = *http::parse_base_url("https://api.example.com/prefix");
    credential.kind = config::v1::CREDENTIAL_KIND_API_KEY;
    credential.secret = Secret("upstream-secret");
    credential.bound_hosts = {"api.example.com:443"};
  }
  Result<> build() { return provider::find("anthropic")->build(head, account, credential, built); }
};

}  // namespace

TEST_CASE("only listed fields travel upstream; the credential is the account's") {
  Given given;
  given.head.query = "beta=true&key=client-key&x=1";
  given.head.fields = {{"Host", "gateway"},
                       {"x-api-key", "client-key"},
                       {"Authorization", "Bearer client-key"},
                       {"Cookie", "a=b"},
                       {"Connection", "keep-alive, anthropic-version"},
                       {"Transfer-Encoding", "chunked"},
                       {"Accept-Encoding", "gzip"},
                       {"X-Forwarded-For", "1.2.3.4"},
                       {"Expect", "100-continue"},
                       {"Anthropic-Version", "2026-10-21"},
                       {"anthropic-beta", "a,b"},
                       {"X-Claude-Code-Session-Id", "s"},
                       {"x-stainless-lang", "js"},
                       {"traceparent", "00-1-2-03"},
                       {"Content-Type", "application/json"}};
  REQUIRE(given.build());
  CHECK(given.built.target == "/prefix/v1/messages?beta=true&x=1");
  CHECK(value_of(given.built, "x-api-key") == "upstream-secret");
  CHECK(value_of(given.built, "anthropic-version") == "2026-10-21");
  CHECK(value_of(given.built, "anthropic-beta") == "a,b");
  CHECK(value_of(given.built, "x-claude-code-session-id") == "s");
  CHECK(value_of(given.built, "traceparent") == "00-1-2-03");
  CHECK(value_of(given.built, "accept-encoding") == "identity");
  CHECK(value_of(given.built, "via") == "1.1 sluice");
  for (const http::Field& field : given.built.fields) {
    CHECK(field.value.find("client-key") == std::string_view::npos);
    for (std::string_view never :
         {"host", "authorization", "cookie", "connection", "transfer-encoding", "expect", "x-forwarded-for"}) {
      CHECK_FALSE(http::same_name(field.name, never));
    }
  }
}

TEST_CASE("an access token goes as a bearer token") {
  Given given;
  given.credential.kind = config::v1::CREDENTIAL_KIND_ACCESS_TOKEN;
  REQUIRE(given.build());
  CHECK(value_of(given.built, "authorization") == "Bearer upstream-secret");
  CHECK(value_of(given.built, "x-api-key") == "(none)");
}

TEST_CASE("a credential is never attached to a host it is not bound to") {
  Given given;
  for (const char* host : {"api.example.com:80", "evil.com:443", "api.example.com", ""}) {
    given.credential.bound_hosts = {host};
    CHECK_FALSE(given.build());
  }
  given.credential.bound_hosts.clear();
  CHECK_FALSE(given.build());
}

TEST_CASE("what names the operator's account, and the vendor's infrastructure, stays here") {
  const provider::Provider& anthropic = *provider::find("anthropic");
  for (const char* name : {"Content-Type", "request-id", "Retry-After", "anthropic-ratelimit-requests-limit"}) {
    CHECK(anthropic.forwards_to_client(name));
  }
  for (const char* name : {"anthropic-organization-id", "set-cookie", "connection", "transfer-encoding",
                           "content-length", "strict-transport-security", "server", "alt-svc"}) {
    CHECK_FALSE(anthropic.forwards_to_client(name));
  }
}

TEST_CASE("the registry knows what this build serves") {
  CHECK(provider::find("anthropic") != nullptr);
  CHECK(provider::find("nobody") == nullptr);
  CHECK(provider::features() == std::vector<std::string>{"provider:anthropic"});
}
