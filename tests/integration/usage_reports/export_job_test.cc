// Exports: what the files say, and that any replica can go on.
#include <boost/json.hpp>
#include <set>

#include "controlplane/api/convert.h"
#include "controlplane/api/export_usage_job.h"
#include "controlplane/usage/exports.h"
#include "tests/integration/usage_reports/world.h"

namespace sluice::usage {

namespace {

namespace api_v1 = admin::v1;

const SystemTime kNow = at(2026, 3, 30);

std::string ask(World& world, api_v1::UsageExportFormat format, bool whole, SystemTime created = kNow) {
  api_v1::CreateUsageExportRequest request;
  request.set_format(format);
  api::set_time(request.mutable_filter()->mutable_from(), at(2026, 3, 29));
  api::set_time(request.mutable_filter()->mutable_until(), kNow);
  Export row{.id = Uuid::generate(kNow).to_string(),
             .actor = "a",
             .request = request.SerializeAsString(),
             .whole = whole,
             .created_at = created};
  return world.must([&](db::Transaction& tx) { return insert_export(tx, row); }).id;
}

bool step(World& world, const jobs::Job& job, SystemTime now = kNow) {
  return world.must([&](db::Transaction& tx) { return job.step(tx, now); }).more;
}

Export get(World& world, const std::string& id) {
  return world.must([&](db::Transaction& tx) { return get_export(tx, id); });
}

std::string file(World& world, const std::string& id) {
  std::string out;
  for (int i = 0; i < get(world, id).chunks; ++i)
    out += world.must([&](db::Transaction& tx) { return get_chunk(tx, id, i); });
  return out;
}

std::vector<std::string> lines(const std::string& text, const std::string& end) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = text.find(end, at);
    REQUIRE(stop != std::string::npos);
    out.push_back(text.substr(at, stop - at));
    at = stop + end.size();
  }
  return out;
}

}  // namespace

TEST_CASE("a piece that was not committed is written again, and the file has every event once") {
  World world;
  world.plant({}, 1'250);
  world.plant({.at = "2026-03-30 00:00:00Z"});
  const std::string id = ask(world, api_v1::USAGE_EXPORT_FORMAT_NDJSON, true);
  const jobs::Job job = api::export_usage_job();
  CHECK(step(world, job));
  CHECK(get(world, id).chunks == 1);
  // A replica that dies in the middle of a step.
  const auto lost = world.may([&](db::Transaction& tx) -> Result<> {
    const auto done = job.step(tx, kNow);
    REQUIRE(done.has_value());
    return fail(ErrorCode::kInternal, "gone");
  });
  CHECK(!lost.has_value());
  CHECK(get(world, id).chunks == 1);
  while (step(world, job)) {
  }
  const Export done = get(world, id);
  CHECK(done.state == ExportState::kDone);
  CHECK(done.rows == 1'250);
  CHECK(done.chunks == 3);
  const std::string text = file(world, id);
  CHECK(done.bytes == static_cast<std::int64_t>(text.size()));
  std::set<std::string> ids;
  for (const std::string& line : lines(text, "\n"))
    ids.insert(std::string(boost::json::parse(line).at("eventId").as_string()));
  CHECK(ids.size() == 1'250);
}

TEST_CASE(
    "names that a spreadsheet would take for formulas are defused, and users do not see the operator's business") {
  World world;
  world.plant({.model = "=HYPERLINK(\"http://evil\")"});
  const std::string whole = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, true);
  const std::string own = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, false);
  while (step(world, api::export_usage_job())) {
  }
  const auto rows = lines(file(world, whole), "\r\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].starts_with("event_id,started_at,"));
  CHECK(rows[1].find("\"'=HYPERLINK(\"\"http://evil\"\")\"") != std::string::npos);
  CHECK(std::ranges::count(rows[0], ',') == std::ranges::count(rows[1], ','));
  CHECK(rows[1].find("0.0000005") != std::string::npos);
  const auto hidden = lines(file(world, own), "\r\n");
  REQUIRE(hidden.size() == 2);
  CHECK(hidden[1].find("0.0000005") == std::string::npos);
  CHECK(hidden[1].find(",,\"anthropic\"") != std::string::npos);
}

TEST_CASE("an export that cannot be made fails with the reason, and the next one is made") {
  World world;
  world.plant({});
  const std::string broken = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, true);
  world.sql("UPDATE usage_exports SET cursor = 'nonsense' WHERE id = '" + broken + "'");
  const std::string good = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, true, kNow + std::chrono::seconds(1));
  while (step(world, api::export_usage_job())) {
  }
  CHECK(get(world, broken).state == ExportState::kFailed);
  CHECK(!get(world, broken).error.empty());
  CHECK(get(world, good).state == ExportState::kDone);
}

TEST_CASE("exports are deleted after a day, with their pieces") {
  World world;
  const std::string old = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, true, kNow - std::chrono::hours(25));
  const std::string fresh = ask(world, api_v1::USAGE_EXPORT_FORMAT_CSV, true, kNow - std::chrono::hours(23));
  while (step(world, api::export_usage_job())) {
  }
  while (step(world, api::drop_usage_exports_job())) {
  }
  CHECK(world.sql("SELECT string_agg(id::text, ',') FROM usage_exports").find(fresh) != std::string::npos);
  CHECK(world.sql("SELECT count(*) FROM usage_exports").find('1') != std::string::npos);
  CHECK(world.sql("SELECT count(*) FROM usage_export_chunks").find('1') != std::string::npos);
  CHECK(world.sql("SELECT count(*) FROM usage_exports WHERE id = '" + old + "'").find('0') != std::string::npos);
}

}  // namespace sluice::usage
