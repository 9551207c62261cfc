// Which requests a report adds up. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/usage/sources.h"

namespace sluice::usage {

inline constexpr std::chrono::days kLongestReport{400};

// Every condition that is set must hold.
struct ReportFilter {
  std::optional<std::string> user_id = {};
  std::optional<std::string> api_key_id = {};
  std::optional<std::string> group_id = {};
  std::optional<std::string> account_id = {};
  std::optional<std::string> model = {};  // as requested
  std::optional<std::string> error_class = {};
  SystemTime from = {};   // started at or after
  SystemTime until = {};  // started before
  SystemTime now = {};
};

[[nodiscard]] bool is_error_class(std::string_view name);

// kInvalidArgument, with what is wrong, unless the range is more than nothing and at most kLongestReport, and the error
// class exists.
[[nodiscard]] Result<> check(const ReportFilter& filter);

// "WITH facts AS (...) ": sums of requests by `at`, the beginning of their bucket, and all that they can be told apart
// by, by the parameters $1 to $10 of select(). `duration` and `first_byte` are histograms.
[[nodiscard]] std::string facts(const std::vector<Piece>& pieces);

// Runs facts() and then `sql`, which may use further parameters from $11 on.
template <class... P>
[[nodiscard]] Result<db::Rows> select(db::Transaction& tx, const ReportFilter& filter, Source coarsest,
                                      std::string_view sql, const P&... more) {
  if (Result<> good = check(filter); !good) return std::unexpected(good.error());
  const std::vector<Piece> pieces = pieces_of(filter.from, filter.until, coarsest, filter.now);
  std::vector<SystemTime> from;
  std::vector<SystemTime> until;
  for (const Piece& piece : pieces) {
    from.push_back(piece.from);
    until.push_back(piece.until);
  }
  return tx.exec(facts(pieces) + std::string(sql), filter.from, filter.until, filter.user_id, filter.api_key_id,
                 filter.group_id, filter.account_id, filter.model, filter.error_class, from, until, more...);
}

}  // namespace sluice::usage
