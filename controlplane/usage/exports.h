// Exports of usage events: what was asked for, how far it is, and the pieces of the file. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::usage {

inline constexpr std::chrono::hours kExportKept{24};
// An export that would become longer fails.
inline constexpr std::int64_t kMaxExportRows = 1'000'000;

enum class ExportState { kRunning, kDone, kFailed };

struct Export {
  std::string id;
  std::string actor;
  std::optional<std::string> owner_id = {};  // the user who asked for what is his; none: staff
  ExportState state = ExportState::kRunning;
  std::string request;  // sluice.admin.v1.CreateUsageExportRequest, with its range
  bool whole = false;   // with what users do not see
  std::string cursor = {};
  std::int32_t chunks = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string error = {};
  SystemTime created_at = {};
  std::optional<SystemTime> ended_at = {};
};

[[nodiscard]] Result<Export> insert_export(db::Transaction& tx, const Export& row);
[[nodiscard]] Result<Export> get_export(db::Transaction& tx, std::string_view id);
// Newest first; of one owner, or all.
[[nodiscard]] Result<store::Page<Export>> list_exports(db::Transaction& tx, const store::PageRequest& page,
                                                       const std::optional<std::string>& owner_id);
// The oldest that is running, locked.
[[nodiscard]] Result<std::optional<Export>> take_running_export(db::Transaction& tx);
// State, progress and error.
[[nodiscard]] Result<> save_export(db::Transaction& tx, const Export& row);
// Becomes number row.chunks; counts it in `row`, which is still to be saved.
[[nodiscard]] Result<> add_chunk(db::Transaction& tx, Export& row, const std::string& data);
// kNotFound if there is none of that number (yet).
[[nodiscard]] Result<std::string> get_chunk(db::Transaction& tx, std::string_view id, std::int32_t number);
// Those that are over; how many.
[[nodiscard]] Result<std::int64_t> drop_exports(db::Transaction& tx, SystemTime now, int at_once);

}  // namespace sluice::usage
