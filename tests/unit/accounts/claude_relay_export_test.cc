#include "controlplane/accounts/claude_relay_export.h"

#include <catch2/catch.hpp>

using namespace sluice;
using accounts::read_claude_relay_export;
namespace v1 = sluice::admin::v1;

namespace {

// As the service's export route makes it; secrets are invented.
constexpr std::string_view kExport = R"({
  "success": true,
  "data": {
    "exportedAt": "2026-11-23T10:00:00.000Z",
    "claudeAccounts": [
      {"kind": "claude-account", "id": "1", "name": "oauth", "description": "one", "authType": "oauth",
       "isActive": true, "schedulable": true, "priority": 20, "status": "active",
       "proxy": {"protocol": "socks5", "host": "proxy.test", "port": 1080, "username": "u", "password": "p"},
       "credentials": {"access_token": "at-1", "refresh_token": "rt-1", "expires_at": "2026-11-23T18:00:00.000Z"}},
      {"kind": "claude-account", "id": "2", "name": "setup", "authType": "setup-token", "isActive": true,
       "schedulable": false, "priority": 50, "proxy": null, "credentials": {"access_token": "at-2"}}],
    "claudeConsoleAccounts": [
      {"kind": "claude-console-account", "id": "3", "name": "console", "isActive": true, "schedulable": true,
       "priority": 1, "maxConcurrentTasks": 8,
       "proxy": {"protocol": "http", "host": "proxy.test", "port": 3128, "username": "", "password": ""},
       "credentials": {"api_key": "key-3", "base_url": "https://relay.test/api/v1/messages",
                       "model_mapping": {"claude-a": "claude-a", "claude-b": "claude-c"}}}],
    "openaiOAuthAccounts": [],
    "openaiResponsesAccounts": [
      {"kind": "openai-responses-account", "id": "4", "name": "responses", "isActive": false, "schedulable": true,
       "priority": 50, "credentials": {"api_key": "key-4", "base_url": "https://api.openai.com/"}}]}})";

}  // namespace

TEST_CASE("an export of claude-relay-service becomes accounts with credentials and proxies") {
  const auto read = read_claude_relay_export(kExport, 10);
  REQUIRE(read);
  REQUIRE(read->bundle.accounts_size() == 4);
  const v1::BundledAccount& oauth = read->bundle.accounts(0);
  CHECK(oauth.account().provider() == "anthropic");
  CHECK(oauth.account().base_url() == "https://api.anthropic.com");
  CHECK(oauth.account().priority() == 20);
  CHECK(oauth.account().note() == "one");
  CHECK(oauth.credential().kind() == v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN);
  CHECK(oauth.credential().secret() == "at-1");
  CHECK(oauth.credential().expires_at().seconds() == 1'795'456'800);
  REQUIRE(oauth.egress_proxy_names_size() == 1);
  CHECK(read->notes.contains({"anthropic", "oauth"}));

  const v1::BundledAccount& setup = read->bundle.accounts(1);
  CHECK(setup.account().status() == v1::ACCOUNT_STATUS_DISABLED);
  CHECK_FALSE(setup.credential().has_expires_at());
  CHECK(setup.egress_proxy_names().empty());
  CHECK_FALSE(read->notes.contains({"anthropic", "setup"}));

  const v1::BundledAccount& console = read->bundle.accounts(2);
  CHECK(console.credential().kind() == v1::ACCOUNT_CREDENTIAL_KIND_API_KEY);
  CHECK(console.account().base_url() == "https://relay.test/api");
  CHECK(console.account().concurrency() == 8);
  REQUIRE(console.account().models_size() == 1);
  CHECK(console.account().models(0) == "claude-a");
  CHECK(console.account().model_mapping().at("claude-b") == "claude-c");

  CHECK(read->bundle.accounts(3).account().provider() == "openai");
  CHECK(read->bundle.accounts(3).account().base_url() == "https://api.openai.com");
  CHECK(read->bundle.accounts(3).account().status() == v1::ACCOUNT_STATUS_DISABLED);

  REQUIRE(read->proxies.size() == 2);
  CHECK(read->proxies[0].url == "socks5h://proxy.test:1080");
  CHECK(read->proxies[0].name == oauth.egress_proxy_names(0));
  CHECK(read->proxies[0].password.reveal() == "p");
  CHECK(read->proxies[1].url == "http://proxy.test:3128");
}

TEST_CASE("what is no such export is refused with a reason") {
  for (const std::string_view text : {"", "[]", "{}", R"({"success":false,"error":"include_secrets_required"})",
                                      R"({"data":[]})", R"({"data":{"claudeAccounts":[1]}})",
                                      R"({"data":{"claudeAccounts":[{"name":"a","credentials":{"access_token":""}}]}})",
                                      R"({"data":{"claudeConsoleAccounts":[{"name":"a","credentials":null}]}})"}) {
    INFO(text);
    const auto read = read_claude_relay_export(text, 10);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::kInvalidArgument);
    CHECK(read.error().message.starts_with("export_json: "));
  }
  CHECK_FALSE(read_claude_relay_export(kExport, 3));
}
