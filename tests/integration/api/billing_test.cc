// Plans, subscriptions, codes, imports of prices and statements as operators use them.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

std::string make_plan(const ControlPlane& plane, const std::string& more = "") {
  return text_at(plane.ok("POST", "/admin/v1/subscription-plans",
                          R"({"subscriptionPlan": {"groupId": ")" + make_group(plane) +
                              R"(", "name": "p", "dayUsd": "2.5")" + more + "}}"),
                 "subscriptionPlan.id");
}

}  // namespace

TEST_CASE("a plan is assigned in bulk, tried before, extended and revoked") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string plan = make_plan(plane);
  const std::string first = make_user(plane);
  const std::string second = make_user(plane);
  const std::string body = R"({"userIds": [")" + first + R"(", ")" + second + R"("], "planId": ")" + plan + R"(")";
  const std::string list = "/admin/v1/subscriptions?planId=" + plan;
  CHECK(plane.ok("POST", "/admin/v1/subscriptions", body + R"(, "dryRun": true})")
            .at("subscriptions")
            .as_array()
            .size() == 2);
  CHECK(plane.ok("GET", list).at("subscriptions").as_array().empty());
  const json::value made = plane.ok("POST", "/admin/v1/subscriptions", body + "}").at("subscriptions");
  REQUIRE(made.as_array().size() == 2);
  CHECK(plane.http("POST", "/admin/v1/subscriptions", body + "}").status == 409);
  const std::string id = json::value_to<std::string>(made.at(0).at("id"));
  const json::value read = plane.ok("GET", "/admin/v1/subscriptions/" + id);
  REQUIRE(read.at("windows").as_array().size() == 3);
  CHECK(read.at("windows").at(0).at("limitUsd") == "2.5");
  CHECK(read.at("windows").at(0).at("spentUsd") == "0");
  static_cast<void>(plane.ok("POST", "/admin/v1/subscriptions/extend", R"({"ids": [")" + id + R"("], "days": 5})"));
  CHECK(plane.http("DELETE", "/admin/v1/subscription-plans/" + plan).status == 409);
  static_cast<void>(plane.ok("POST", "/admin/v1/subscriptions/revoke", R"({"ids": [")" + id + R"("]})"));
  CHECK(plane.ok("GET", list + "&active=true").at("subscriptions").as_array().size() == 1);
}

TEST_CASE("a code is shown once and redeemed once") {
  const ControlPlane& plane = ControlPlane::shared();
  const json::value made =
      plane.ok("POST", "/admin/v1/redeem-codes",
               R"({"redeemCode": {"kind": "REDEEM_CODE_KIND_BALANCE", "amountUsd": "3.25"}, "count": 2})");
  REQUIRE(made.at("redeemCodes").as_array().size() == 2);
  const std::string code = json::value_to<std::string>(made.at("redeemCodes").at(0).at("code"));
  const std::string id = text_at(made.at("redeemCodes").at(0), "redeemCode.id");
  const std::string user = make_user(plane);
  const std::string path = "/admin/v1/users/" + user + "/redeem";
  static_cast<void>(plane.ok("POST", path, R"({"code": ")" + code + R"("})"));
  CHECK(plane.http("POST", path, R"({"code": ")" + code + R"("})").status == 404);
  CHECK(text_at(plane.ok("GET", "/admin/v1/users/" + user + "/balance"), "balanceUsd") == "3.25");
  const json::value read = plane.ok("GET", "/admin/v1/redeem-codes/" + id);
  CHECK(text_at(read, "redeemCode.redeemedBy") == user);
  CHECK(json::serialize(read).find(code) == std::string::npos);
  CHECK(plane.log_text().find(code) == std::string::npos);
  const std::string other = text_at(made.at("redeemCodes").at(1), "redeemCode.id");
  static_cast<void>(plane.ok("POST", "/admin/v1/redeem-codes/" + other + "/revoke", "{}"));

  const json::value statement =
      plane.ok("GET", "/admin/v1/users/" + user + "/statement?from=2026-01-01T00:00:00Z").at("statement");
  CHECK(statement.at("openingUsd") == "0");
  CHECK(statement.at("closingUsd") == "3.25");
  CHECK(statement.at("lines").at(0).at("kind") == "redemption");
  const std::string csv =
      text_at(plane.ok("GET", "/admin/v1/users/" + user + "/statement/csv?from=2026-01-01T00:00:00Z"), "csv");
  CHECK(csv.find("redemption,,\"\",0,3.25,3.25,") != std::string::npos);
}

TEST_CASE("prices have tiers and purchase prices, and maps are imported after a dry run") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string model = unique("imported");
  const std::string map = R"({\")" + model +
                          R"(\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 1e-06, )"
                          R"(\"output_cost_per_token\": 2e-06, \"input_cost_per_token_above_128k_tokens\": 3e-06}})";
  const std::string body = R"({"mapJson": ")" + map + R"(", "markup": "1.5")";
  CHECK(plane.http("POST", "/admin/v1/price-imports", body + "}").status == 400);
  const json::value dry = plane.ok("POST", "/admin/v1/price-imports", body + R"(, "dryRun": true})");
  REQUIRE(dry.at("changes").as_array().size() == 1);
  CHECK(dry.at("changes").at(0).at("after").at("input") == "1.5");
  CHECK(dry.at("changes").at(0).at("after").at("tiers").at(0).at("aboveTokens") == "128000");
  CHECK(dry.at("changes").at(0).at("after").at("purchase").at("input") == "1");
  CHECK(plane.http("POST", "/admin/v1/price-imports", body + R"(, "digest": "stale"})").status == 412);
  const std::string digest = text_at(dry, "digest");
  CHECK(plane.ok("POST", "/admin/v1/price-imports", body + R"(, "digest": ")" + digest + R"("})").at("applied") ==
        true);
  const json::value prices = plane.ok("GET", "/admin/v1/prices?model=" + model).at("prices");
  REQUIRE(prices.as_array().size() == 1);
  CHECK(prices.at(0).at("output") == "3");
  // Applied, so the same digest is of yesterday.
  CHECK(plane.http("POST", "/admin/v1/price-imports", body + R"(, "digest": ")" + digest + R"("})").status == 412);
}

}  // namespace sluice::testing
