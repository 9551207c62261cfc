// Many accounts changed at once, in a running control plane.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

json::object edit_of(const std::string& tag, json::object account, json::object more = {}) {
  more["selector"] = json::object{{"tag", tag}};
  more["account"] = std::move(account);
  return more;
}

std::string make_account(const ControlPlane& plane, const std::string& name, const std::string& tag) {
  const json::value made =
      plane.ok("POST", "/admin/v1/accounts",
               json::serialize(json::object{{"account", json::object{{"name", name},
                                                                     {"provider", "anthropic"},
                                                                     {"baseUrl", "http://127.0.0.1:9"},
                                                                     {"tags", json::array{tag}}}}}));
  return text_at(made.at("account"), "id");
}

json::value account(const ControlPlane& plane, const std::string& id) {
  return plane.ok("GET", "/admin/v1/accounts/" + id).at("account");
}

std::string number_at(const json::value& value, const char* field) {
  return json::serialize(value.at(field));
}

}  // namespace

TEST_CASE("an edit shows what it will do, is worked off in the background, and names what failed") {
  const ControlPlane& plane = ControlPlane::shared();
  std::vector<std::string> ids;
  for (int i = 0; i < 120; ++i)
    ids.push_back(make_account(plane, "edited-" + std::to_string(i), "many"));
  const std::string stranger = make_account(plane, "stranger", "other");
  // One that an account of another provider cannot follow.
  const json::value group =
      plane.ok("POST", "/admin/v1/groups", R"({"group":{"name":"edited","platforms":["openai"]}})");
  const std::string group_id = text_at(group.at("group"), "id");

  const std::string change = json::serialize(edit_of("many", {{"priority", 7}, {"note", "moved"}}));
  const auto dry = plane.http("POST", "/admin/v1/account-edits", change, plane.token(), {{"x-sluice-dry-run", "true"}});
  REQUIRE(dry.status == 200);
  const json::value preview = json::parse(dry.body);
  CHECK(preview.at("previews").as_array().size() == 50);
  CHECK(json::serialize(preview.at("previews").at(0).at("fields")) == R"(["priority","note"])");
  CHECK(account(plane, ids[0]).at("priority") == 0);

  const auto finished = [&](const json::value& made) {
    const std::string id = text_at(made.at("accountEdit"), "id");
    json::value edit;
    REQUIRE(eventually(kGenerous, [&] {
      edit = plane.ok("GET", "/admin/v1/account-edits/" + id).at("accountEdit");
      return text_at(edit, "state") == "ACCOUNT_EDIT_STATE_DONE";
    }));
    return edit;
  };
  const json::value done = finished(plane.ok("POST", "/admin/v1/account-edits", change));
  CHECK(number_at(done, "selected") == "120");
  CHECK(number_at(done, "changed") == "120");
  for (const std::string& id : ids)
    CHECK(account(plane, id).at("priority") == 7);
  CHECK(account(plane, stranger).at("priority") == 0);

  const json::value again = finished(plane.ok("POST", "/admin/v1/account-edits", change));
  CHECK(number_at(again, "unchanged") == "120");

  const json::value failed =
      finished(plane.ok("POST", "/admin/v1/account-edits",
                        json::serialize(edit_of("many", {{"priority", 8}}, {{"addGroupIds", json::array{group_id}}}))));
  CHECK(number_at(failed, "failed") == "120");
  CHECK(failed.at("failures").as_array().size() == 100);
  CHECK(text_at(failed.at("failures").at(0), "reason").find("does not take accounts of anthropic") !=
        std::string::npos);
  CHECK(account(plane, ids[0]).at("priority") == 7);

  const json::value audit = plane.ok("GET", "/admin/v1/audit-records?objectKind=account&objectId=" + ids[0]);
  CHECK(json::serialize(audit).find("account.edit") != std::string::npos);
}

TEST_CASE("an edit must say which accounts, and cannot touch what a secret is bound to") {
  const ControlPlane& plane = ControlPlane::shared();
  const auto refused = [&](std::string_view body) {
    return plane.http("POST", "/admin/v1/account-edits", std::string(body)).status;
  };
  CHECK(refused(R"({"account":{"priority":1}})") == 400);
  CHECK(refused(R"({"selector":{"all":true}})") == 400);
  CHECK(refused(R"({"selector":{"all":true},"account":{"baseUrl":"https://example.com"}})") == 400);
  CHECK(refused(R"({"selector":{"all":true},"account":{},"updateMask":"name"})") == 400);
  CHECK(refused(R"({"selector":{"tag":"no-such-tag"},"account":{"priority":1}})") == 409);
}

}  // namespace sluice::testing
