// REST as clients see it: objects, pages, masks, etags, problems.
#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

constexpr const char* kNobody = "0192a0aa-0000-7000-8000-000000000000";

void check_problem(const HttpAnswer& answer, int status, const std::string& in_detail) {
  INFO(answer.body);
  CHECK(answer.status == status);
  CHECK(answer.header("content-type") == "application/problem+json");
  const json::value body = answer.json();
  CHECK(text_at(body, "type").starts_with("urn:sluice:problem:"));
  CHECK_FALSE(text_at(body, "title").empty());
  CHECK(body.at("status") == status);
  CHECK(text_at(body, "detail").find(in_detail) != std::string::npos);
  CHECK(text_at(body, "request_id") == answer.header("x-request-id"));
}

}  // namespace

TEST_CASE("a user is created, read, changed and deleted") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string email = unique("crud") + "@example.test";
  const json::value made = plane.ok("POST", "/admin/v1/users", R"({"user": {"email": ")" + email + R"("}})");
  const std::string path = "/admin/v1/users/" + text_at(made, "user.id");
  CHECK(text_at(made, "user.multiplier") == "1");
  CHECK(text_at(made, "user.status") == "USER_STATUS_ACTIVE");
  CHECK(made.at("user").at("concurrency") == 0);  // empty fields are there
  CHECK(plane.ok("GET", path) == made);

  const json::value changed =
      plane.ok("PATCH", path + "?updateMask=displayName,multiplier",
               R"({"displayName": "N", "multiplier": "1.25", "email": "ignored@example.test"})");
  CHECK(text_at(changed, "user.displayName") == "N");
  CHECK(text_at(changed, "user.multiplier") == "1.25");
  CHECK(text_at(changed, "user.email") == email);
  CHECK(text_at(changed, "user.etag") != text_at(made, "user.etag"));

  (void)plane.ok("DELETE", path);
  check_problem(plane.http("GET", path), 404, "");
  check_problem(plane.http("DELETE", path), 404, "");
}

TEST_CASE("a mask clears what it names and leaves the rest") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string path = "/admin/v1/users/" + make_user(plane);
  (void)plane.ok("PATCH", path + "?update_mask=concurrency", R"({"concurrency": 7})");
  CHECK(text_at(plane.ok("PATCH", path + "?updateMask=displayName", "{}"), "user.displayName").empty());
  CHECK(plane.ok("GET", path).at("user").at("concurrency") == 7);
  CHECK(plane.ok("PATCH", path + "?updateMask=concurrency", "{}").at("user").at("concurrency") == 0);
}

TEST_CASE("without a mask the fields that are set change") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string group = make_group(plane);
  const json::value made = plane.ok(
      "POST", "/admin/v1/accounts",
      R"({"account": {"name": "a", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9", "models": ["m1", "m2"],
          "groupIds": [")" +
          group + R"("]}})");
  const std::string path = "/admin/v1/accounts/" + text_at(made, "account.id");
  const json::value changed = plane.ok("PATCH", path, R"({"models": ["m3"], "priority": 5})");
  CHECK(changed.at("account").at("models") == json::array{"m3"});
  CHECK(changed.at("account").at("priority") == 5);
  CHECK(changed.at("account").at("groupIds") == json::array{group});
}

TEST_CASE("an etag guards against lost updates") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string path = "/admin/v1/users/" + make_user(plane);
  const std::string etag = text_at(plane.ok("GET", path), "user.etag");
  const std::string change = R"({"displayName": "first", "etag": ")" + etag + R"("})";
  (void)plane.ok("PATCH", path + "?updateMask=displayName", change);
  check_problem(plane.http("PATCH", path + "?updateMask=displayName", change), 412, "changed");
  check_problem(plane.http("DELETE", path + "?etag=" + etag), 412, "changed");
  check_problem(plane.http("PATCH", path + "?updateMask=displayName", R"({"etag": "no etag"})"), 400, "etag");
  (void)plane.ok("DELETE", path + "?etag=" + text_at(plane.ok("GET", path), "user.etag"));
}

TEST_CASE("pages cover every row once") {
  const ControlPlane& plane = ControlPlane::shared();
  std::set<std::string> made;
  for (int i = 0; i < 7; ++i)
    made.insert(make_group(plane));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const json::value page = plane.ok("GET", "/admin/v1/groups?pageSize=2&pageToken=" + token);
    CHECK(page.at("groups").as_array().size() <= 2);
    for (const json::value& group : page.at("groups").as_array())
      CHECK(seen.insert(text_at(group, "id")).second);
    token = text_at(page, "nextPageToken");
    ++pages;
  } while (!token.empty() && pages < 1000);
  CHECK(pages >= 4);
  for (const std::string& id : made)
    CHECK(seen.contains(id));
  check_problem(plane.http("GET", "/admin/v1/groups?pageToken=garbage"), 400, "");
}

TEST_CASE("users and keys are found by state, role and text") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string word = unique("Needle");
  const auto make = [&](const std::string& email, const std::string& more) {
    return text_at(plane.ok("POST", "/admin/v1/users",
                            R"({"user": {"email": ")" + email + R"(@example.test", "displayName": "U")" + more + "}}"),
                   "user.id");
  };
  const std::string finance = make(word + "-a", R"(, "role": "USER_ROLE_FINANCE")");
  const std::string off = make(word + "-b", R"(, "status": "USER_STATUS_DISABLED")");
  const auto found = [&](const std::string& list, const std::string& field, const std::string& query) {
    std::string ids;
    const auto page = plane.ok("GET", "/admin/v1/" + list + "?query=" + query);
    if (!page.as_object().contains(field)) return ids;
    for (const auto& row : page.at(field).as_array())
      ids += std::string(row.at("id").as_string()) + " ";
    return ids;
  };
  std::string lower = word;
  for (char& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  CHECK(found("users", "users", lower) == off + " " + finance + " ");
  CHECK(found("users", "users", word + "&role=USER_ROLE_FINANCE") == finance + " ");
  CHECK(found("users", "users", word + "&status=USER_STATUS_DISABLED") == off + " ");
  CHECK(found("users", "users", word + "%25").empty());
  const auto key = plane.ok("POST", "/admin/v1/api-keys",
                            R"({"apiKey": {"userId": ")" + finance + R"(", "groupId": ")" + make_group(plane) +
                                R"(", "name": "my )" + word + R"("}})");
  CHECK(found("api-keys", "apiKeys", word) == text_at(key, "apiKey.id") + " ");
  CHECK(found("api-keys", "apiKeys", word + "&status=API_KEY_STATUS_DISABLED").empty());
}

TEST_CASE("prices keep their decimals exactly") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string model = unique("model");
  const std::string body = R"({"price": {"model": ")" + model + R"(", "provider": "anthropic", "input": "0.003",
      "output": "15", "cacheRead": "0.000000001", "cacheWrite5m": "3.75", "cacheWrite1h": "6", "perRequest": "0",
      "effectiveAt": "2026-01-01T00:00:00Z"}})";
  const json::value made = plane.ok("POST", "/admin/v1/prices", body);
  CHECK(text_at(made, "price.input") == "0.003");
  CHECK(text_at(made, "price.cacheRead") == "0.000000001");
  CHECK(text_at(made, "price.effectiveAt") == "2026-01-01T00:00:00Z");
  check_problem(plane.http("POST", "/admin/v1/prices", body), 409, "");
  const std::string path = "/admin/v1/prices/" + text_at(made, "price.id");
  check_problem(plane.http("PATCH", path + "?updateMask=input", R"({"input": "1e3"})"), 400, "input");
  check_problem(plane.http("PATCH", path + "?updateMask=input", R"({"input": "-1"})"), 400, "input");
  CHECK(text_at(plane.ok("PATCH", path + "?updateMask=input", R"({"input": "4.5"})"), "price.input") == "4.5");
  (void)plane.ok("DELETE", path);
}

TEST_CASE("an adjustment is posted once per external id, and the books balance") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = "/admin/v1/users/" + make_user(plane);
  const std::string body = R"({"amountUsd": "12.5", "reason": "test", "externalId": ")" + unique("x") + R"("})";
  const json::value first = plane.ok("POST", user + "/adjustments", body);
  CHECK(first.at("repeated") == false);
  CHECK(text_at(first, "balanceUsd") == "12.5");
  const json::value again = plane.ok("POST", user + "/adjustments", body);
  CHECK(again.at("repeated") == true);
  CHECK(text_at(again, "transactionId") == text_at(first, "transactionId"));
  CHECK(text_at(plane.ok("GET", user + "/balance"), "balanceUsd") == "12.5");
  CHECK(plane.ok("GET", "/admin/v1/ledger-check").at("balanced") == true);
  check_problem(plane.http("POST", user + "/adjustments", R"({"amountUsd": "x", "reason": "r", "externalId": "y"})"),
                400, "amount_usd");
  check_problem(plane.http("POST", std::string("/admin/v1/users/") + kNobody + "/adjustments", body), 404, "");
}

TEST_CASE("settings change under their etag") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string etag = text_at(plane.ok("GET", "/admin/v1/settings"), "settings.etag");
  const std::string body = R"({"keepaliveSeconds": 20, "etag": ")" + etag + R"("})";
  const json::value changed = plane.ok("PATCH", "/admin/v1/settings?updateMask=keepaliveSeconds", body);
  CHECK(changed.at("settings").at("keepaliveSeconds") == 20);
  check_problem(plane.http("PATCH", "/admin/v1/settings?updateMask=keepaliveSeconds", body), 412, "changed");
  check_problem(
      plane.http("PATCH", "/admin/v1/settings?updateMask=keepaliveSeconds", R"({"keepaliveSeconds": 999999})"), 400,
      "keepalive");
}

TEST_CASE("what is wrong is said by name") {
  const ControlPlane& plane = ControlPlane::shared();
  check_problem(plane.http("POST", "/admin/v1/users", R"({"user": {"colour": "red"}})"), 400, "colour");
  check_problem(plane.http("POST", "/admin/v1/users", R"({"user": {"email": "x"}})"), 400, "email");
  check_problem(plane.http("POST", "/admin/v1/users", "{"), 400, "JSON");
  check_problem(plane.http("GET", "/admin/v1/users?colour=red"), 400, "colour");
  check_problem(plane.http("GET", "/admin/v1/users/not-a-uuid"), 400, "");
  check_problem(plane.http("GET", std::string("/admin/v1/users/") + kNobody), 404, "");
  check_problem(plane.http("GET", "/admin/v1/nothing"), 404, "/admin/v1/nothing");
  const HttpAnswer wrong_method = plane.http("PUT", "/admin/v1/users", "{}");
  check_problem(wrong_method, 405, "GET, POST");
  CHECK(wrong_method.header("allow") == "GET, POST");
  check_problem(plane.http("PATCH", "/admin/v1/users/" + make_user(plane) + "?updateMask=colour", "{}"), 400, "colour");
  check_problem(plane.http("POST", "/admin/v1/users", std::string(2 * 1024 * 1024, ' ')), 413, "");
  check_problem(plane.http("POST", "/admin/v1/api-keys", R"({"apiKey": {"groupId": "x"}})"), 400, "user_id");
}

TEST_CASE("a request id is given back, or made") {
  const ControlPlane& plane = ControlPlane::shared();
  CHECK(
      plane.http("GET", "/admin/v1/users", "", plane.token(), {{"x-request-id", "my-1.a_b"}}).header("x-request-id") ==
      "my-1.a_b");
  const std::string made =
      plane.http("GET", "/admin/v1/users", "", plane.token(), {{"x-request-id", "no good id"}}).header("x-request-id");
  CHECK(made.size() == 36);
  CHECK(plane.http("GET", "/healthz", "", "").header("x-request-id").size() == 36);
}

TEST_CASE("health, metrics and the description need no token") {
  const ControlPlane& plane = ControlPlane::shared();
  CHECK(plane.http("GET", "/healthz", "", "").body == "ok\n");
  CHECK(plane.http("GET", "/readyz", "", "").status == 200);
  CHECK(plane.http("GET", "/metrics", "", "").body.find("sluice_build_info") != std::string::npos);
  CHECK(text_at(plane.http("GET", "/openapi.json", "", "").json(), "openapi") == "3.1.0");
  CHECK(plane.http("HEAD", "/openapi.json", "", "").body.empty());
  check_problem(plane.http("POST", "/healthz", "", ""), 405, "GET");
}

}  // namespace sluice::testing
