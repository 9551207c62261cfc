#include "controlplane/store/row_access.h"

#include <fmt/format.h>

namespace sluice::store {

std::unexpected<Error> not_found(std::string_view what, std::string_view id) {
  return fail(ErrorCode::kNotFound, fmt::format("no {} with the id {}", what, id));
}

std::unexpected<Error> why_unchanged(db::Transaction& tx, std::string_view table, std::string_view what,
                                     std::string_view id) {
  auto rows = tx.exec(fmt::format("SELECT revision FROM {} WHERE id = $1 AND status <> 'deleted'", table), id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return not_found(what, id);
  return fail(ErrorCode::kFailedPrecondition,
              fmt::format("the {} {} was changed meanwhile (it is at revision {} now): read it again", what, id,
                          rows->front().get<std::int64_t>("revision")));
}

Result<> check_writable(Status status) {
  if (status != Status::kDeleted) return {};
  return fail(ErrorCode::kInvalidArgument, "an update cannot delete: use delete");
}

}  // namespace sluice::store
