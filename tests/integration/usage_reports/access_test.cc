// Reports and exports through the API: whose rows, and what of them.
#include <boost/json.hpp>

#include "tests/integration/api/control_plane.h"
#include "tests/integration/usage_reports/world.h"

namespace sluice::testing {

namespace {

std::string token_of(const ControlPlane& plane, const std::string& user) {
  return text_at(plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + user + R"("}})"),
                 "secret");
}

const std::string kRange = "filter.from=2026-03-29T00:00:00Z&filter.until=2026-03-30T00:00:00Z";

}  // namespace

TEST_CASE("users get reports and exports of their own usage alone, without accounts and purchase costs") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = make_user(plane);
  const std::string other = make_user(plane);
  const std::string token = token_of(plane, user);
  usage::plant_into(plane.database(), {.cost = 3'000'000}, user);
  usage::plant_into(plane.database(), {.cost = 5'000'000}, other);
  const std::string reports = "/admin/v1/usage-reports/";
  const std::string own = "&filter.user_id=" + user;

  for (const std::string report : {"summary?", "series?", "top?group_by=USAGE_DIMENSION_MODEL&", "facets?"}) {
    INFO(report);
    CHECK(plane.http("GET", reports + report + kRange, "", token).status == 403);
    CHECK(plane.http("GET", reports + report + kRange + "&filter.user_id=" + other, "", token).status == 403);
    CHECK(plane.http("GET", reports + report + kRange + own, "", token).status == 200);
  }
  const auto mine = plane.http("GET", reports + "summary?" + kRange + own, "", token).json();
  CHECK(text_at(mine, "totals.costUsd") == "0.003");
  CHECK(text_at(mine, "totals.purchaseUsd").empty());
  const auto staff = plane.ok("GET", reports + "summary?" + kRange + own);
  CHECK(text_at(staff, "totals.purchaseUsd") == "0.0015");

  const std::string account = "&filter.account_id=" + usage::id_of(1);
  CHECK(plane.http("GET", reports + "summary?" + kRange + own + account, "", token).status == 403);
  const std::string by_account = "top?group_by=USAGE_DIMENSION_ACCOUNT&" + kRange + own;
  CHECK(plane.http("GET", reports + by_account, "", token).status == 403);
  CHECK(plane.ok("GET", reports + by_account).at("rows").as_array().size() == 1);
  const std::string facets = plane.http("GET", reports + "facets?" + kRange + own, "", token).body;
  CHECK(facets.find("USAGE_DIMENSION_MODEL") != std::string::npos);
  CHECK(facets.find("USAGE_DIMENSION_ACCOUNT") == std::string::npos);
}

TEST_CASE("an export is asked for, made, read in pieces and seen by nobody else") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = make_user(plane);
  const std::string token = token_of(plane, user);
  const std::string stranger = token_of(plane, make_user(plane));
  usage::plant_into(plane.database(), {}, user);
  const std::string exports = "/admin/v1/usage-exports";
  const auto body = [](const std::string& whose) {
    return R"({"filter": {"userId": ")" + whose +
           R"(", "from": "2026-03-29T00:00:00Z", "until": "2026-03-30T00:00:00Z"}})";
  };
  CHECK(plane.http("POST", exports, body(user), stranger).status == 403);
  CHECK(plane.http("POST", exports, body("nonsense"), plane.token()).status == 400);
  const auto made = plane.http("POST", exports, body(user), token);
  REQUIRE(made.status == 200);
  const std::string one = exports + "/" + text_at(made.json(), "usageExport.id");
  REQUIRE(eventually(kGenerous, [&] {
    return text_at(plane.http("GET", one, "", token).json(), "usageExport.state") == "USAGE_EXPORT_STATE_DONE";
  }));
  const auto chunk = plane.http("GET", one + "/chunk?number=0", "", token).json();
  CHECK(chunk.at("last").as_bool());
  CHECK(text_at(chunk, "data").find(user) != std::string::npos);
  CHECK(plane.http("GET", one + "/chunk?number=1", "", token).status == 404);
  CHECK(plane.http("GET", one, "", stranger).status == 404);
  CHECK(plane.http("GET", one + "/chunk?number=0", "", stranger).status == 404);
  CHECK(plane.http("GET", exports, "", stranger).json().at("usageExports").as_array().empty());
  CHECK(plane.http("GET", exports, "", token).json().at("usageExports").as_array().size() == 1);
  const auto audit = plane.ok("GET", "/admin/v1/audit-records?page_size=500");
  CHECK(boost::json::serialize(audit).find("usage_export.create") != std::string::npos);
}

}  // namespace sluice::testing
