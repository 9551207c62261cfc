#include "controlplane/api/transcode.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "sluice/admin/v1/accounts.pb.h"
#include "sluice/admin/v1/ledger.pb.h"
#include "sluice/admin/v1/prices.pb.h"
#include "sluice/admin/v1/usage.pb.h"
#include "sluice/admin/v1/users.pb.h"

namespace sluice::api {

namespace {

const Schema& schema() {
  static const Schema kSchema;
  return kSchema;
}

const RouteTable& table() {
  static const RouteTable kTable(schema());
  return kTable;
}

Result<std::string> transcode(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view body) {
  const RouteMatch match = table().match(method, path);
  REQUIRE(match.route != nullptr);
  return request_bytes(schema(), *match.route, match.variables, query, body);
}

template <class Message>
Message request(std::string_view method, std::string_view path, std::string_view query, std::string_view body) {
  const auto bytes = transcode(method, path, query, body);
  if (!bytes) FAIL(bytes.error().message);
  Message message;
  REQUIRE(message.ParseFromString(*bytes));
  return message;
}

std::string refusal(std::string_view method, std::string_view path, std::string_view query, std::string_view body) {
  const auto bytes = transcode(method, path, query, body);
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().code == ErrorCode::kInvalidArgument);
  return bytes.error().message;
}

}  // namespace

TEST_CASE("query parameters fill the request, in both spellings") {
  const auto list = request<admin::v1::ListUsersRequest>("GET", "/admin/v1/users", "pageSize=7&page_token=a%2Bb", "");
  CHECK(list.page_size() == 7);
  CHECK(list.page_token() == "a+b");
}

TEST_CASE("path, mask and body make an update") {
  const auto update =
      request<admin::v1::UpdateUserRequest>("PATCH", "/admin/v1/users/u1", "updateMask=displayName,concurrency",
                                            R"({"displayName": "N", "concurrency": 3, "id": "another"})");
  CHECK(update.user().id() == "u1");
  CHECK(update.user().display_name() == "N");
  CHECK(update.user().concurrency() == 3);
  REQUIRE(update.update_mask().paths_size() == 2);
  CHECK(update.update_mask().paths(0) == "display_name");
}

TEST_CASE("a PATCH without a mask changes what its body names") {
  for (const char* query : {"", "updateMask="}) {
    const auto update = request<admin::v1::UpdateUserRequest>(
        "PATCH", "/admin/v1/users/u1", query, R"({"display_name": "", "concurrency": 0, "multiplier": null})");
    const std::vector<std::string> paths(update.update_mask().paths().begin(), update.update_mask().paths().end());
    CHECK(paths == std::vector<std::string>{"display_name", "concurrency", "multiplier"});
  }
  const auto nothing = request<admin::v1::UpdateUserRequest>("PATCH", "/admin/v1/users/u1", "", "{}");
  CHECK(nothing.update_mask().paths_size() == 0);
  CHECK(nothing.user().id() == "u1");
}

TEST_CASE("a mask names fields in either spelling") {
  for (const char* query : {"updateMask=cacheWrite5m,model", "update_mask=cache_write_5m%2Cmodel"}) {
    const auto update = request<admin::v1::UpdatePriceRequest>("PATCH", "/admin/v1/prices/p1", query, "{}");
    REQUIRE(update.update_mask().paths_size() == 2);
    CHECK(update.update_mask().paths(0) == "cache_write_5m");
    CHECK(update.update_mask().paths(1) == "model");
  }
  const auto unknown =
      request<admin::v1::UpdatePriceRequest>("PATCH", "/admin/v1/prices/p1", "updateMask=colour", "{}");
  CHECK(unknown.update_mask().paths(0) == "colour");  // the service refuses it
}

TEST_CASE("a field of the body fills its field of the request") {
  const auto set = request<admin::v1::SetAccountCredentialRequest>(
      "PUT", "/admin/v1/accounts/a1/credential", "",
      R"({"kind": "ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN", "secret": "s", "expiresAt": "2026-01-01T00:00:00Z"})");
  CHECK(set.id() == "a1");
  CHECK(set.credential().kind() == admin::v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN);
  CHECK(set.credential().secret() == "s");
  CHECK(set.credential().expires_at().seconds() == 1767225600);
}

TEST_CASE("times and nested fields can be parameters") {
  const auto list = request<admin::v1::ListUsageEventsRequest>("GET", "/admin/v1/usage-events",
                                                               "from=2026-01-01T00%3A00%3A00Z&userId=u1", "");
  CHECK(list.from().seconds() == 1767225600);
  CHECK(list.user_id() == "u1");
  const auto update =
      request<admin::v1::UpdateUserRequest>("PATCH", "/admin/v1/users/u1", "user.email=e", R"({"concurrency": 1})");
  CHECK(update.user().email() == "e");
  CHECK(update.user().concurrency() == 1);
}

TEST_CASE("a body of '*' is the whole request") {
  const auto create = request<admin::v1::CreatePriceRequest>(
      "POST", "/admin/v1/prices", "",
      R"({"price": {"model": "m", "cacheWrite5m": "0.003", "effectiveAt": "2026-01-01T00:00:00Z"}})");
  CHECK(create.price().cache_write_5m() == "0.003");
  CHECK(create.price().effective_at().seconds() == 1767225600);
}

TEST_CASE("what the request does not have is refused by name") {
  CHECK(refusal("GET", "/admin/v1/users", "colour=red", "").find("colour: ") != std::string::npos);
  CHECK(refusal("GET", "/admin/v1/users", "colour=red", "").find("pageSize") != std::string::npos);
  CHECK(refusal("GET", "/admin/v1/users", "pageSize=1&pageSize=2", "").find("pageSize") != std::string::npos);
  CHECK(refusal("GET", "/admin/v1/users", "pageSize=many", "").find("many") != std::string::npos);
  CHECK(refusal("POST", "/admin/v1/users", "", R"({"user": {"colour": "red"}})").find("colour") != std::string::npos);
  CHECK(refusal("POST", "/admin/v1/users", "", R"({"user": {"concurrency": "x"}})").find("concurrency") !=
        std::string::npos);
  CHECK(refusal("POST", "/admin/v1/users", "", R"({"user": {"role": "ROLE_KING"}})").find("ROLE_KING") !=
        std::string::npos);
}

TEST_CASE("a refusal starts with the path of the field") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"account": {"colour": 1}})", "account.colour: "},
      {R"({"colour": 1})", "colour: "},
      {R"({"account": {"priority": "x"}})", "account.priority: "},
      {R"({"account": {"priority": 1.5}})", "account.priority: "},
      {R"({"account": {"priority": []}})", "account.priority: "},
      {R"({"account": {"priority": 99999999999}})", "account.priority: "},
      {R"({"account": {"status": "KING"}})", "account.status: "},
      {R"({"account": {"status": 1}})", "account.status: "},
      {R"({"account": {"createdAt": "noon"}})", "account.created_at: "},
      {R"({"account": {"createdAt": 5}})", "account.createdAt: "},
      {R"({"account": {"hasCredential": "yes"}})", "account.hasCredential: "},
      {R"({"account": {"name": 5}})", "account.name: "},
      {R"({"account": {"models": "m"}})", "account.models: "},
      {R"({"account": {"models": ["a", ["b"]]}})", "account.models[1]: "},
      {R"({"account": {"models": ["a", null]}})", "account.models[1]: "},
      {R"({"account": {"baseUrl": "a", "base_url": "b"}})", "account.base_url: "},
      {R"({"account": "x"})", "account: "},
      {R"({"account": []})", "account: "},
  };
  for (const auto& [body, start] : cases) {
    INFO(body);
    const std::string message = refusal("POST", "/admin/v1/accounts", "", body);
    INFO(message);
    CHECK(message.starts_with(start));
  }
  CHECK(refusal("GET", "/admin/v1/users/%ff", "", "").starts_with("id: "));
  CHECK(refusal("GET", "/admin/v1/users", "pageToken=%C3", "").starts_with("pageToken: "));
  CHECK(refusal("PATCH", "/admin/v1/accounts/1", "account.hasCredential=1", "{}").starts_with("hasCredential: "));
}

TEST_CASE("a body that is no JSON object is refused") {
  for (const char* body : {"{", "[]", "1", "\"x\"", "{} {}", "{'a': 1}", "null"}) {
    INFO(body);
    (void)refusal("POST", "/admin/v1/users", "", body);
  }
  (void)refusal("GET", "/admin/v1/users", "", "{}");
  const std::string deep(1000, '[');
  (void)refusal("POST", "/admin/v1/users", "", R"({"user":)" + deep);
  (void)refusal("POST", "/admin/v1/users", "", "{\"user\": {\"displayName\": \"\xff\"}}");
}

TEST_CASE("answers print empty fields in lowerCamelCase") {
  admin::v1::GetUserResponse response;
  response.mutable_user()->set_id("u1");
  response.mutable_user()->mutable_created_at()->set_seconds(1767225600);
  const RouteMatch match = table().match("GET", "/admin/v1/users/u1");
  const auto text = answer_json(schema(), *match.route, response.SerializeAsString());
  REQUIRE(text);
  const auto user = boost::json::parse(*text).at("user");
  CHECK(user.at("id") == "u1");
  CHECK(user.at("displayName") == "");
  CHECK(user.at("concurrency") == 0);
  CHECK(user.at("role") == "USER_ROLE_UNSPECIFIED");
  CHECK(user.at("createdAt") == "2026-01-01T00:00:00Z");
}

TEST_CASE("answers write int64 as text") {
  admin::v1::GetBalanceResponse response;
  response.set_version(9007199254740993);
  const RouteMatch match = table().match("GET", "/admin/v1/users/u1/balance");
  const auto text = answer_json(schema(), *match.route, response.SerializeAsString());
  REQUIRE(text);
  CHECK(boost::json::parse(*text).at("version") == "9007199254740993");
}

}  // namespace sluice::api
