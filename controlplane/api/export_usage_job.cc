#include "controlplane/api/export_usage_job.h"

#include "controlplane/api/convert.h"
#include "controlplane/api/usage_file.h"
#include "controlplane/usage/exports.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

// A chunk stays far below the size of a gRPC message.
constexpr int kRowsPerChunk = 500;

Result<> write_next(db::Transaction& tx, usage::Export& row, SystemTime now) {
  v1::CreateUsageExportRequest request;
  if (!request.ParseFromString(row.request)) return fail(ErrorCode::kInternal, "a usage export is unreadable");
  const auto page =
      usage::list_events(tx, {.size = kRowsPerChunk, .cursor = row.cursor}, export_filter(request.filter()));
  if (!page) return std::unexpected(page.error());
  row.rows += static_cast<std::int64_t>(page->rows.size());
  if (row.rows > usage::kMaxExportRows) {
    return fail(ErrorCode::kFailedPrecondition, "more than 1,000,000 events; choose a shorter range");
  }
  const auto data = usage_file(page->rows, request.format(), row.whole, row.chunks == 0);
  if (!data) return std::unexpected(data.error());
  if (Result<> added = usage::add_chunk(tx, row, *data); !added) return added;
  row.cursor = page->next;
  if (page->next.empty()) {
    row.state = usage::ExportState::kDone;
    row.ended_at = now;
  }
  return {};
}

// What can only go wrong again ends the export, so that others get on.
Result<jobs::Step> work(db::Transaction& tx, SystemTime now) {
  auto taken = usage::take_running_export(tx);
  if (!taken) return std::unexpected(taken.error());
  if (!*taken) return jobs::Step{};
  const usage::Export before = **taken;
  usage::Export& row = **taken;
  for (const char* sql : {"SET LOCAL statement_timeout = '5s'", "SAVEPOINT chunk"}) {
    if (auto done = tx.exec(sql); !done) return std::unexpected(done.error());
  }
  if (Result<> written = write_next(tx, row, now); !written) {
    if (written.error().code == ErrorCode::kUnavailable) return std::unexpected(written.error());
    if (auto undone = tx.exec("ROLLBACK TO SAVEPOINT chunk"); !undone) return std::unexpected(undone.error());
    row = before;
    row.state = usage::ExportState::kFailed;
    row.error = written.error().message;
    row.ended_at = now;
  }
  if (Result<> saved = usage::save_export(tx, row); !saved) return std::unexpected(saved.error());
  return jobs::Step{.rows = row.rows - before.rows, .more = true};
}

Result<jobs::Step> drop(db::Transaction& tx, SystemTime now) {
  const auto rows = usage::drop_exports(tx, now, 1);
  if (!rows) return std::unexpected(rows.error());
  return jobs::Step{.rows = *rows, .more = *rows == 1};
}

}  // namespace

jobs::Job export_usage_job() {
  return {.name = kExportUsageJob, .every = std::chrono::seconds(30), .step = work};
}

jobs::Job drop_usage_exports_job() {
  return {.name = "drop_usage_exports", .every = std::chrono::hours(1), .step = drop};
}

usage::EventFilter export_filter(const v1::UsageFilter& from) {
  usage::EventFilter filter;
  const auto take = [](const std::string& text, std::optional<std::string>& into) {
    if (!text.empty()) into = text;
  };
  take(from.user_id(), filter.user_id);
  take(from.api_key_id(), filter.api_key_id);
  take(from.group_id(), filter.group_id);
  take(from.account_id(), filter.account_id);
  take(from.model(), filter.model);
  take(from.error_class(), filter.error_class);
  if (from.has_from()) filter.from = to_time(from.from());
  if (from.has_until()) filter.until = to_time(from.until());
  return filter;
}

}  // namespace sluice::api
