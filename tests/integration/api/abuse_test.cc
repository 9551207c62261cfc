// Hostile input for every method: each text field of each request and each query parameter gets texts that break what
// is put together carelessly. Whatever the answer, it is an answer: no failure of the server, nothing changed, nothing
// injected. The lists come from the descriptors.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "common/base/random.h"
#include "controlplane/api/access.h"
#include "controlplane/api/openapi.h"
#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace {

namespace json = boost::json;

const Headers kDryRun{{"x-sluice-dry-run", "true"}};

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts{"'; DROP TABLE users; --",
                                              "\" OR 1=1 --",
                                              std::string("a\0b", 3),
                                              "a\r\nx-injected: yes",
                                              "../../etc/passwd",
                                              "$1 %s {0} ${x} \\x27",
                                              "\xF0\x9F\x92\xA3\xE2\x80\xAE",
                                              "99999999999999999999999",
                                              "-1",
                                              "1e309",
                                              std::string(70'000, 'a')};
  return texts;
}

// Every text below `value`, by a function that sets it and puts it back.
void for_each_text(json::value& value, const std::function<void(json::value&)>& visit) {
  if (value.is_string()) {
    visit(value);
  } else if (value.is_array()) {
    for (json::value& item : value.get_array())
      for_each_text(item, visit);
  } else if (value.is_object()) {
    for (auto&& member : value.get_object())
      for_each_text(member.value(), visit);
  }
}

std::string concrete(const api::Route& route, const std::string& variable) {
  std::string out;
  for (const api::Segment& segment : route.segments)
    out += "/" + (segment.variable ? variable : segment.text);
  return out;
}

std::string percent_encoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

void check_answered(const HttpAnswer& answer) {
  INFO(answer.body.substr(0, 500));
  CHECK(answer.status >= 200);
  CHECK(answer.status < 500);
  CHECK(answer.header("x-injected").empty());
}

// The methods that only touch the database: what goes out of the house is tested where it is made.
std::vector<api::Route> routes_to_try() {
  static const api::Schema schema;
  static const api::RouteTable table(schema);
  std::vector<api::Route> routes;
  for (const api::Route& route : table.routes()) {
    const api::AccessRule rule = api::access_rule(*route.method->input_type());
    if (!rule.open && !rule.outside && !route.method->server_streaming()) routes.push_back(route);
  }
  return routes;
}

}  // namespace

TEST_CASE("hostile texts in the fields of every body are answered") {
  const ControlPlane& plane = ControlPlane::shared();
  for (const api::Route& route : routes_to_try()) {
    if (route.body.empty()) continue;
    const auto* message = route.method->input_type();
    if (route.body != "*") message = message->FindFieldByName(route.body)->message_type();
    json::value body = api::message_example(*message, api::Direction::kRequest);
    const std::string target = concrete(route, "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f");
    for_each_text(body, [&](json::value& text) {
      const json::value before = text;
      for (const std::string& hostile : hostile_texts()) {
        text = json::string(hostile);
        INFO(route.http_method << " " << target << " " << hostile.substr(0, 40));
        check_answered(plane.http(route.http_method, target, json::serialize(body), plane.token(), kDryRun));
      }
      text = before;
    });
  }
  CHECK(plane.ok("GET", "/admin/v1/users").is_object());
}

TEST_CASE("hostile texts in paths and queries are answered") {
  const ControlPlane& plane = ControlPlane::shared();
  for (const api::Route& route : routes_to_try()) {
    if (route.http_method != "GET") continue;
    for (const std::string& hostile : hostile_texts()) {
      const std::string word = percent_encoded(hostile.substr(0, 2'000));
      INFO(route.path << " " << hostile.substr(0, 40));
      check_answered(plane.http("GET", concrete(route, word)));
      const auto& request = *route.method->input_type();
      for (int i = 0; i < request.field_count(); ++i) {
        const std::string target =
            concrete(route, "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f") + "?" + request.field(i)->json_name() + "=" + word;
        INFO(target.substr(0, 200));
        check_answered(plane.http("GET", target));
      }
    }
  }
}

TEST_CASE("bodies that are no object, too deep, too long or not JSON are refused by every method") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string deep = std::string(20'000, '[') + std::string(20'000, ']');
  std::string nested;
  for (int i = 0; i < 5'000; ++i)
    nested += R"({"a":)";
  for (const api::Route& route : routes_to_try()) {
    if (route.body.empty()) continue;
    const std::string target = concrete(route, "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f");
    for (const std::string& body :
         {deep, nested, std::string("[]"), std::string("\"x\""), std::string("{"), std::string("{} {}"),
          std::string("\xff\xfe"), std::string(R"({"noSuchField": 1})"), std::string(R"({"a": NaN})")}) {
      INFO(route.http_method << " " << target << " " << body.substr(0, 20));
      const HttpAnswer answer = plane.http(route.http_method, target, body, plane.token(), kDryRun);
      CHECK(answer.status >= 400);
      CHECK(answer.status < 500);
    }
  }
  const HttpAnswer large =
      plane.http("POST", "/admin/v1/groups", R"({"group": {"name": ")" + std::string(8 << 20, 'a') + R"("}})");
  CHECK(large.status == 413);
}

TEST_CASE("a request id that could split a header is replaced") {
  const ControlPlane& plane = ControlPlane::shared();
  const HttpAnswer answer = plane.http("GET", "/admin/v1/groups", "", plane.token(), {{"x-request-id", "a b;c=\"d\""}});
  CHECK(answer.status == 200);
  CHECK(answer.header("x-request-id") != "a b;c=\"d\"");
}

TEST_CASE("tokens that were changed in any place are refused") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = make_user(plane, "USER_ROLE_ADMIN");
  const std::string good =
      text_at(plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + user + R"("}})"), "secret");
  REQUIRE(plane.http("GET", "/admin/v1/groups", "", good).status == 200);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string forged = good;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK(plane.http("GET", "/admin/v1/groups", "", forged).status == 401);
  }
  CHECK(plane.http("GET", "/admin/v1/groups", "", "' OR token_hash IS NOT NULL --").status == 401);
}

}  // namespace sluice::testing
