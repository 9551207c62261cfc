// Jobs as operators see and trigger them, in a running control plane.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace json = boost::json;

namespace {

std::string last_start(const ControlPlane& plane, const std::string& name) {
  const json::value listed = plane.ok("GET", "/admin/v1/jobs");
  for (const json::value& job : listed.at("jobs").as_array()) {
    if (text_at(job, "name") != name || !job.as_object().contains("lastEndedAt")) continue;
    CHECK(text_at(job, "lastOutcome") == "done");
    CHECK(job.as_object().contains("nextRunAt"));
    return text_at(job, "lastStartedAt");
  }
  return {};
}

}  // namespace

TEST_CASE("the control plane runs its jobs, and again when it is told to") {
  const ControlPlane& plane = ControlPlane::shared();
  for (const std::string name : {"drop_decisions", "make_partitions", "trim_change_log"}) {
    std::string first;
    REQUIRE(eventually(kGenerous, [&] { return !(first = last_start(plane, name)).empty(); }));
    static_cast<void>(plane.ok("POST", "/admin/v1/jobs/" + name + "/trigger", "{}"));
    CHECK(eventually(kGenerous, [&] {
      const std::string last = last_start(plane, name);
      return !last.empty() && last != first;
    }));
  }
  CHECK(plane.http("POST", "/admin/v1/jobs/nothing/trigger", "{}").status == 404);
}

}  // namespace sluice::testing
