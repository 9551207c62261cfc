// Limits, budgets, pause rules, proxies and settings as operators write and read them.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

std::string make_key(const ControlPlane& plane, const std::string& more = "") {
  return text_at(plane.ok("POST", "/admin/v1/api-keys",
                          R"({"apiKey": {"userId": ")" + make_user(plane) + R"(", "groupId": ")" + make_group(plane) +
                              R"(")" + more + "}}"),
                 "apiKey.id");
}

std::string make_proxy(const ControlPlane& plane, const std::string& more = "") {
  return text_at(plane.ok("POST", "/admin/v1/egress-proxies",
                          R"({"egressProxy": {"name": "out", "url": "http://proxy.internal:3128")" + more + "}}"),
                 "egressProxy.id");
}

std::string make_account(const ControlPlane& plane, const std::string& name, const std::string& more = "") {
  return text_at(plane.ok("POST", "/admin/v1/accounts",
                          R"({"account": {"name": ")" + name +
                              R"(", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9")" + more + "}}"),
                 "account.id");
}

void check_refused(const HttpAnswer& answer, int status, const std::string& in_detail) {
  INFO(answer.body);
  CHECK(answer.status == status);
  CHECK(text_at(answer.json(), "detail").find(in_detail) != std::string::npos);
}

}  // namespace

TEST_CASE("a user's and a key's limits are set, kept and refused below zero") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = "/admin/v1/users/" + make_user(plane);
  const json::value limited =
      plane.ok("PATCH", user, R"({"requestsPerMinute": 60, "tokensPerMinute": 100000})").at("user");
  CHECK(limited.at("requestsPerMinute") == 60);
  CHECK(limited.at("tokensPerMinute") == 100000);
  CHECK(plane.ok("PATCH", user, R"({"displayName": "N"})").at("user").at("requestsPerMinute") == 60);
  check_refused(plane.http("PATCH", user, R"({"tokensPerMinute": -1})"), 400, "tokens_per_minute");

  const std::string key =
      "/admin/v1/api-keys/" + make_key(plane, R"(, "concurrency": 2, "requestsPerMinute": 3, "tokensPerMinute": 4)");
  const json::value read = plane.ok("GET", key).at("apiKey");
  CHECK(read.at("concurrency") == 2);
  CHECK(read.at("requestsPerMinute") == 3);
  CHECK(read.at("tokensPerMinute") == 4);
  check_refused(plane.http("PATCH", key, R"({"concurrency": 1000001})"), 400, "concurrency");
}

TEST_CASE("a key's budgets are decimals, one for each window") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string key = "/admin/v1/api-keys/" + make_key(plane, R"(, "budgets": [
      {"window": "API_KEY_BUDGET_WINDOW_TOTAL", "limitUsd": "20"},
      {"window": "API_KEY_BUDGET_WINDOW_DAY", "limitUsd": "0.5"}])");
  const json::array budgets = plane.ok("GET", key).at("apiKey").at("budgets").as_array();
  REQUIRE(budgets.size() == 2);
  CHECK(budgets[0].at("window") == "API_KEY_BUDGET_WINDOW_DAY");
  CHECK(budgets[0].at("limitUsd") == "0.5");
  CHECK(budgets[0].at("spentUsd") == "0");
  CHECK(budgets[1].at("limitUsd") == "20");

  const auto change = [&](const std::string& list) { return plane.http("PATCH", key, R"({"budgets": )" + list + "}"); };
  check_refused(change(R"([{"window": "API_KEY_BUDGET_WINDOW_DAY", "limitUsd": "0"}])"), 400, "limit");
  check_refused(change(R"([{"window": "API_KEY_BUDGET_WINDOW_DAY"}])"), 400, "limit_usd");
  check_refused(change(R"([{"window": "API_KEY_BUDGET_WINDOW_DAY", "limitUsd": "1e3"}])"), 400, "limit_usd");
  check_refused(change(R"([{"limitUsd": "1"}])"), 400, "window");
  check_refused(change(R"([{"window": "API_KEY_BUDGET_WINDOW_DAY", "limitUsd": "1"},
                           {"window": "API_KEY_BUDGET_WINDOW_DAY", "limitUsd": "2"}])"),
                400, "same window twice");
  CHECK(plane.ok("PATCH", key, R"({"name": "n"})").at("apiKey").at("budgets").as_array().size() == 2);
  CHECK(plane.ok("PATCH", key, R"({"budgets": []})").at("apiKey").at("budgets").as_array().empty());
}

TEST_CASE("an account's mapping, rules and proxies are replaced as a whole") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string proxy = make_proxy(plane);
  const std::string account =
      "/admin/v1/accounts/" + make_account(plane, "mapped", R"(, "modelMapping": {"small": "claude-haiku", "a.b": "c"},
      "pauseRules": [{"status": 529, "keywords": ["overloaded"], "minutes": 10}],
      "egressProxyIds": [")" + proxy + R"("])");
  json::value read = plane.ok("GET", account).at("account");
  CHECK(read.at("modelMapping") == json::value{{"small", "claude-haiku"}, {"a.b", "c"}});
  CHECK(read.at("pauseRules") == json::parse(R"([{"status": 529, "keywords": ["overloaded"], "minutes": 10}])"));
  CHECK(read.at("egressProxyIds") == json::array{proxy});

  read = plane.ok("PATCH", account, R"({"modelMapping": {"big": "claude-opus"}})").at("account");
  CHECK(read.at("modelMapping") == json::value{{"big", "claude-opus"}});
  CHECK(read.at("pauseRules").as_array().size() == 1);
  read = plane.ok("PATCH", account, R"({"modelMapping": {}, "pauseRules": [], "egressProxyIds": []})").at("account");
  CHECK(read.at("modelMapping").as_object().empty());
  CHECK(read.at("pauseRules").as_array().empty());
  CHECK(read.at("egressProxyIds").as_array().empty());

  check_refused(plane.http("PATCH", account, R"({"modelMapping": ["x"]})"), 400, "must be an object");
  check_refused(plane.http("PATCH", account, R"({"modelMapping": {"x": 1}})"), 400, "modelMapping.x");
  check_refused(plane.http("PATCH", account, R"({"pauseRules": [{"status": 9, "minutes": 1}]})"), 400, "status");
  check_refused(plane.http("PATCH", account, R"({"pauseRules": [{"status": 400, "minutes": -1}]})"), 400, "minutes");
  check_refused(plane.http("PATCH", account, R"({"pauseRules": [{"status": 400, "colour": 1}]})"), 400, "colour");
  check_refused(plane.http("PATCH", account, R"({"egressProxyIds": ["0192a0aa-0000-7000-8000-000000000000"]})"), 409,
                "egress proxy");
}

TEST_CASE("an egress proxy's password is written, kept and never shown") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string word = unique("proxy-password");
  const std::string path =
      "/admin/v1/egress-proxies/" + make_proxy(plane, R"(, "username": "me", "password": ")" + word + R"(")");
  json::value read = plane.ok("GET", path).at("egressProxy");
  CHECK(read.at("username") == "me");
  CHECK(read.at("hasPassword") == true);
  CHECK(read.at("password") == "");
  CHECK(plane.ok("PATCH", path, R"({"name": "other"})").at("egressProxy").at("hasPassword") == true);

  // The stored password goes nowhere else.
  check_refused(plane.http("PATCH", path, R"({"url": "http://elsewhere.example:3128"})"), 400, "password");
  read = plane.ok("PATCH", path, R"({"url": "socks5h://proxy.internal:1080", "password": ")" + word + R"("})");
  CHECK(text_at(read, "egressProxy.url") == "socks5h://proxy.internal:1080");
  check_refused(plane.http("PATCH", path, R"({"url": "https://proxy.internal:1", "password": "x"})"), 400, "url");
  CHECK(plane.ok("PATCH", path, R"({"username": ""})").at("egressProxy").at("hasPassword") == false);
  check_refused(plane.http("PATCH", path, R"({"username": "me"})"), 400, "password is missing");
  check_refused(plane.http("POST", "/admin/v1/egress-proxies", R"({"egressProxy": {"url": "http://p:1"}})"), 400,
                "name");
  CHECK(plane.log_text().find(word) == std::string::npos);
}

TEST_CASE("an egress proxy in use cannot be deleted") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string proxy = make_proxy(plane);
  const std::string name = unique("user-of-proxy");
  const std::string account =
      "/admin/v1/accounts/" + make_account(plane, name, R"(, "egressProxyIds": [")" + proxy + R"("])");
  check_refused(plane.http("DELETE", "/admin/v1/egress-proxies/" + proxy), 409, name);
  (void)plane.ok("DELETE", account);
  (void)plane.ok("DELETE", "/admin/v1/egress-proxies/" + proxy);
  CHECK(plane.http("GET", "/admin/v1/egress-proxies/" + proxy).status == 404);
  const json::value listed = plane.ok("GET", "/admin/v1/egress-proxies?pageSize=500");
  for (const json::value& one : listed.at("egressProxies").as_array())
    CHECK(text_at(one, "id") != proxy);
}

TEST_CASE("settings of queues and failover are changed one by one") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string path = "/admin/v1/settings";
  json::value read = plane.ok("GET", path).at("settings");
  CHECK(read.at("waiting").at("perUser") == 0);
  CHECK(read.at("moneyWithoutRedis") == "SETTINGS_OUTAGE_POLICY_LOCAL_SHARE");
  read = plane
             .ok("PATCH", path, R"({"waiting": {"perUser": 5, "limitMs": 1000}, "stickiness": {"waitMs": 50},
      "failover": {"attempts": 3}, "billingTimeZone": "Asia/Shanghai", "decisionSamplePpm": 1000000,
      "moneyWithoutRedis": "SETTINGS_OUTAGE_POLICY_REFUSE",
      "localReplies": [{"name": "hi", "textEquals": "hi", "reply": "Hello."}]})")
             .at("settings");
  CHECK(read.at("waiting").at("limitMs") == 1000);
  CHECK(read.at("stickiness").at("waitMs") == 50);
  CHECK(read.at("failover").at("attempts") == 3);
  CHECK(read.at("billingTimeZone") == "Asia/Shanghai");
  CHECK(read.at("moneyWithoutRedis") == "SETTINGS_OUTAGE_POLICY_REFUSE");
  CHECK(read.at("localReplies").as_array().size() == 1);
  read = plane.ok("PATCH", path, R"({"waiting": {"perUser": 6}})").at("settings");
  CHECK(read.at("waiting").at("perUser") == 6);
  CHECK(read.at("waiting").at("limitMs") == 1000);

  check_refused(plane.http("PATCH", path, R"({"billingTimeZone": "Mars/Olympus"})"), 400, "billing_time_zone");
  check_refused(plane.http("PATCH", path, R"({"waiting": {"perUser": -1}})"), 400, "waiting.per_user");
  check_refused(plane.http("PATCH", path, R"({"failover": {"attempts": 21}})"), 400, "failover.attempts");
  check_refused(plane.http("PATCH", path, R"({"localReplies": [{"name": "x", "reply": "y"}]})"), 400, "text_equals");
  check_refused(
      plane.http("PATCH", path, R"({"localReplies": [{"name": "x", "reply": "y", "textEquals": "nul\u0000nul"}]})"),
      400, "local_replies.text_equals");
  // All of it must fit into one resource.
  json::array many;
  for (int i = 0; i < 8; ++i) {
    many.push_back({{"name", "r" + std::to_string(i)}, {"textEquals", "x"}, {"reply", std::string(60'000, 'x')}});
  }
  check_refused(plane.http("PATCH", path, json::serialize(json::object{{"localReplies", many}})), 400, "payload");
  (void)plane.ok("PATCH", path, R"({"waiting": {"perUser": 0, "limitMs": 0}, "stickiness": {"waitMs": 0},
      "failover": {"attempts": 0}, "billingTimeZone": "", "decisionSamplePpm": 0, "localReplies": [],
      "moneyWithoutRedis": "SETTINGS_OUTAGE_POLICY_LOCAL_SHARE"})");
}

TEST_CASE("the description knows maps and what is only written") {
  const ControlPlane& plane = ControlPlane::shared();
  const json::value schemas = plane.ok("GET", "/openapi.json").at("components").at("schemas");
  const json::value& mapping = schemas.at("Account").at("properties").at("modelMapping");
  CHECK(mapping.at("type") == "object");
  CHECK(mapping.at("additionalProperties") == json::value{{"type", "string"}});
  CHECK_FALSE(schemas.as_object().contains("ModelMappingEntry"));
  CHECK(schemas.at("EgressProxy").at("properties").at("password").at("writeOnly") == true);
}

}  // namespace sluice::testing
