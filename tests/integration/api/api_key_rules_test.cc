// Rules of API keys and their replacement, as operators write and read them.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

json::value make_key(const ControlPlane& plane, const std::string& more = "", const std::string& beside = "") {
  return plane.ok("POST", "/admin/v1/api-keys",
                  R"({"apiKey": {"userId": ")" + make_user(plane) + R"(", "groupId": ")" + make_group(plane) + R"(")" +
                      more + "}" + beside + "}");
}

void check_refused(const HttpAnswer& answer, int status, const std::string& in_detail) {
  INFO(answer.body);
  CHECK(answer.status == status);
  CHECK(text_at(answer.json(), "detail").find(in_detail) != std::string::npos);
}

}  // namespace

TEST_CASE("networks and models of a key are kept, and refused where they are none") {
  const ControlPlane& plane = ControlPlane::shared();
  const json::value made = make_key(plane, R"(, "allowNetworks": ["10.0.0.0/8", "2001:db8::/32"],
      "denyNetworks": ["10.9.0.0/16"], "models": ["claude-a", "gpt-*"])");
  const std::string path = "/admin/v1/api-keys/" + text_at(made, "apiKey.id");
  const json::value read = plane.ok("GET", path).at("apiKey");
  CHECK(read.at("allowNetworks") == json::array{"10.0.0.0/8", "2001:db8::/32"});
  CHECK(read.at("denyNetworks") == json::array{"10.9.0.0/16"});
  CHECK(read.at("models") == json::array{"claude-a", "gpt-*"});
  check_refused(plane.http("PATCH", path, R"({"allowNetworks": ["10.0.0.1"]})"), 400, "allow_networks");
  check_refused(plane.http("PATCH", path, R"({"denyNetworks": ["10.0.0.0/33"]})"), 400, "deny_networks");
  check_refused(plane.http("PATCH", path, R"({"models": ["*-mini"]})"), 400, "star");
  const json::value cleared = plane.ok("PATCH", path + "?updateMask=models", R"({"models": []})").at("apiKey");
  CHECK(cleared.at("models").as_array().empty());
  CHECK(cleared.at("denyNetworks") == json::array{"10.9.0.0/16"});
}

TEST_CASE("a key is replaced by another, once more or by one's own") {
  const ControlPlane& plane = ControlPlane::shared();
  const json::value made = make_key(plane);
  const std::string path = "/admin/v1/api-keys/" + text_at(made, "apiKey.id");
  const json::value rotated = plane.ok("POST", path + "/rotate", R"({"overlapSeconds": 3600})");
  CHECK(text_at(rotated, "secret") != text_at(made, "secret"));
  CHECK(text_at(rotated, "apiKey.id") == text_at(made, "apiKey.id"));
  CHECK(text_at(rotated, "apiKey.last4") == text_at(rotated, "secret").substr(text_at(rotated, "secret").size() - 4));
  CHECK(rotated.at("apiKey").as_object().contains("previousUntil"));
  CHECK_FALSE(text_at(rotated, "apiKey.etag") == text_at(made, "apiKey.etag"));

  const std::string own = "own-key-0123456789-" + text_at(made, "apiKey.publicId");
  const json::value at_once = plane.ok("POST", path + "/rotate", R"({"secret": ")" + own + R"("})");
  CHECK(text_at(at_once, "secret") == own);
  CHECK_FALSE(at_once.at("apiKey").as_object().contains("previousUntil"));

  check_refused(plane.http("POST", path + "/rotate", R"({"overlapSeconds": 2592001})"), 400, "overlap_seconds");
  check_refused(plane.http("POST", path + "/rotate", R"({"secret": "short"})"), 400, "secret");
  const std::string stale = text_at(made, "apiKey.etag");
  CHECK(plane.http("POST", path + "/rotate", json::serialize(json::object{{"etag", stale}})).status == 412);
}

TEST_CASE("a key of one's own is taken if it is long and mixed enough, and only once") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string own = "brought-along-" + text_at(make_key(plane), "apiKey.publicId") + "-0123456789";
  CHECK(text_at(make_key(plane, "", R"(, "secret": ")" + own + R"(")"), "secret") == own);
  const auto bring = [&](const std::string& secret) {
    return plane.http("POST", "/admin/v1/api-keys",
                      R"({"apiKey": {"userId": ")" + make_user(plane) + R"(", "groupId": ")" + make_group(plane) +
                          R"("}, "secret": ")" + secret + R"("})");
  };
  CHECK(bring(own).status == 409);
  check_refused(bring(std::string(40, 'a')), 400, "secret");
  check_refused(bring("with space 0123456789 abcdefgh"), 400, "secret");
}

}  // namespace sluice::testing
