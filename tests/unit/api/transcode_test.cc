#include "controlplane/api/transcode.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "sluice/admin/v1/prices.pb.h"
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
  CHECK(user.at("createdAt") == "2026-01-01T00:00:00Z");
}

}  // namespace sluice::api
