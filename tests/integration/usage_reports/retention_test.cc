// The policy of how long usage is kept, over REST.
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

TEST_CASE("how long usage is kept is a setting that cannot forget what may still come") {
  const ControlPlane plane;
  const std::string path = "/admin/v1/usage/retention";
  const auto first = plane.ok("GET", path).at("usageRetention").as_object();
  CHECK(first.at("eventDays") == 0);
  CHECK(first.at("quarantineDays") == 400);
  for (const char* bad :
       {R"({"eventDays": 400})", R"({"eventDays": -1})", R"({"dailySumDays": 30})", R"({"dailySumDays": 500})",
        R"({"eventDays": 600, "dailySumDays": 500})", R"({"quarantineDays": -1})", R"({"eventDays": 40000})"}) {
    INFO(bad);
    CHECK(plane.http("PATCH", path, bad).status == 400);
  }
  const auto set = plane.ok("PATCH", path, R"({"eventDays": 500, "etag": ")" + text_at(first, "etag") + R"("})");
  CHECK(set.at("usageRetention").at("eventDays") == 500);
  CHECK(set.at("usageRetention").at("quarantineDays") == 400);
  CHECK(plane.http("PATCH", path, R"({"eventDays": 600, "etag": ")" + text_at(first, "etag") + R"("})").status == 412);
  CHECK(plane.http("GET", "/admin/v1/audit-records").body.find("usage_retention.update") != std::string::npos);
  // The job that acts on it is there.
  CHECK(plane.http("GET", "/admin/v1/jobs").body.find("\"drop_usage\"") != std::string::npos);
}

}  // namespace sluice::testing
