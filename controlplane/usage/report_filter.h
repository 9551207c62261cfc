// Which requests a report adds up. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

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
};

// SQL: a request's error class, from the columns outcome (sluice.usage.v1.Outcome) and upstream_status.
inline constexpr std::string_view kErrorClass =
    "CASE outcome WHEN 1 THEN 'none' WHEN 2 THEN 'client_gone' WHEN 3 THEN 'upstream_cut' "
    "WHEN 4 THEN CASE WHEN upstream_status = 429 THEN 'rate_limited' WHEN upstream_status = 0 THEN 'unreachable' "
    "  WHEN upstream_status < 500 THEN 'refused' ELSE 'upstream_error' END "
    "WHEN 5 THEN 'node_crash' ELSE 'gateway_ended' END";
[[nodiscard]] bool is_error_class(std::string_view name);

// kInvalidArgument, with what is wrong, unless the range is more than nothing and at most kLongestReport, and the error
// class exists.
[[nodiscard]] Result<> check(const ReportFilter& filter);

// "WITH facts AS (...) ": the requests, by the parameters $1 to $8 of select().
[[nodiscard]] std::string facts();

// Runs facts() and then `sql`, which may use further parameters from $9 on.
template <class... P>
[[nodiscard]] Result<db::Rows> select(db::Transaction& tx, const ReportFilter& filter, std::string_view sql,
                                      const P&... more) {
  if (Result<> good = check(filter); !good) return std::unexpected(good.error());
  return tx.exec(facts() + std::string(sql), filter.from, filter.until, filter.user_id, filter.api_key_id,
                 filter.group_id, filter.account_id, filter.model, filter.error_class, more...);
}

}  // namespace sluice::usage
