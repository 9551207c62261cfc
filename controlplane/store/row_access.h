// What files that read and write tables share. For this folder and controlplane/billing.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::store {

// $1 and $2 are the position's parts, $3 the number of rows to read.
#define SLUICE_KEYSET(time_column)                   \
  "(" time_column                                    \
  ", id) < (COALESCE($1::timestamptz, 'infinity'), " \
  "COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) "
#define SLUICE_KEYSET_ORDER(time_column) "ORDER BY " time_column " DESC, id DESC LIMIT $3"

[[nodiscard]] inline int page_size(const PageRequest& request) {
  return std::clamp(request.size, 1, kMaxPageSize);
}

// SQL parameters of an optional filter or position: NULL where there is none.
[[nodiscard]] inline std::optional<SystemTime> time_of(const std::optional<Position>& position) {
  return position ? std::optional(position->created_at) : std::nullopt;
}
[[nodiscard]] inline std::optional<std::string> id_of(const std::optional<Position>& position) {
  return position ? std::optional(position->id) : std::nullopt;
}
[[nodiscard]] inline std::optional<std::string> name_of(const std::optional<Status>& status) {
  return status ? std::optional(std::string(name(*status))) : std::nullopt;
}

// Turns up to size + 1 rows into a page: the last one only tells that there are more.
template <class T, class Read, class PositionOf>
[[nodiscard]] Page<T> make_page(const db::Rows& rows, int size, Read read, PositionOf position_of) {
  Page<T> page;
  for (const db::Row row : rows) {
    if (page.rows.size() == static_cast<std::size_t>(size)) {
      page.next = encode_cursor(position_of(page.rows.back()));
      break;
    }
    page.rows.push_back(read(row));
  }
  return page;
}

template <class T>
[[nodiscard]] Position position_by_created_at(const T& row) {
  return {row.created_at, row.id};
}

[[nodiscard]] std::unexpected<Error> not_found(std::string_view what, std::string_view id);

// Why UPDATE ... WHERE id = `id` AND revision = ... AND status <> 'deleted' found no row: it is gone, or it was changed
// meanwhile. `table` is a constant of the calling file.
[[nodiscard]] std::unexpected<Error> why_unchanged(db::Transaction& tx, std::string_view table, std::string_view what,
                                                   std::string_view id);

// kInvalidArgument for kDeleted, which only the delete functions may write.
[[nodiscard]] Result<> check_writable(Status status);

// The row of an answer that has at most one, or `otherwise()`.
template <class Read, class Otherwise>
[[nodiscard]] auto one(const Result<db::Rows>& rows, Read read, Otherwise otherwise)
    -> Result<std::invoke_result_t<Read, db::Row>> {
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return otherwise();
  return read(rows->front());
}

}  // namespace sluice::store
