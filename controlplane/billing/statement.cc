#include "controlplane/billing/statement.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "common/money/money.h"
#include "controlplane/store/settings.h"
#include "controlplane/store/users.h"

namespace sluice::billing {

namespace {

constexpr std::chrono::days kLongest{400};

constexpr std::string_view kLines =
    "WITH booked AS ("
    "  SELECT t.id, t.kind, t.at, l.amount_nano_usd, coalesce(t.external_id, '') AS external_id, t.reason"
    "  FROM ledger_lines l JOIN ledger_transactions t ON t.id = l.transaction_id"
    "  WHERE l.user_id = $1 AND l.account = 'wallet' AND t.at >= $2 AND t.at < $3), "
    "lines AS ("
    "  SELECT max(b.at) AS at, b.kind, (b.at AT TIME ZONE $4)::date::text AS day,"
    "    coalesce(e.requested_model, '') AS model, count(*) AS requests,"
    "    sum(b.amount_nano_usd)::bigint AS amount, '' AS external_id, '' AS reason"
    "  FROM booked b LEFT JOIN usage_events e ON e.user_id = $1 AND e.event_id = b.id WHERE b.kind = 'usage'"
    "  GROUP BY 2, 3, 4 "
    "  UNION ALL SELECT at, kind, '', '', 0, amount_nano_usd, external_id, reason FROM booked WHERE kind <> 'usage') "
    "SELECT * FROM lines ORDER BY at, kind, model, external_id LIMIT $5";

Result<std::int64_t> balance_at(db::Transaction& tx, std::string_view user_id, SystemTime at) {
  const auto rows = tx.exec(
      "SELECT coalesce(sum(l.amount_nano_usd), 0)::bigint AS n FROM ledger_lines l "
      "JOIN ledger_transactions t ON t.id = l.transaction_id "
      "WHERE l.user_id = $1 AND l.account = 'wallet' AND t.at < $2",
      user_id, at);
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<std::int64_t>("n");
}

std::string time_text(SystemTime at) {
  return db::format_time(at);
}

}  // namespace

Result<Statement> make_statement(db::Transaction& tx, std::string_view user_id, SystemTime from, SystemTime to) {
  if (to <= from || to - from > kLongest) {
    return fail(ErrorCode::kInvalidArgument, "a statement covers more than nothing and at most 400 days");
  }
  const auto user = store::get_user(tx, user_id);
  if (!user) return std::unexpected(user.error());
  const auto settings = store::get_settings(tx);
  if (!settings) return std::unexpected(settings.error());
  const std::string& zone = settings->value.billing_time_zone();
  Statement out{.user_id = user->id, .from = from, .to = to};
  const auto opening = balance_at(tx, user->id, from);
  if (!opening) return std::unexpected(opening.error());
  out.opening_nano_usd = out.closing_nano_usd = *opening;
  const auto rows = tx.exec(kLines, user->id, from, to, zone.empty() ? "UTC" : zone.c_str(), kMaxStatementLines + 1);
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() > kMaxStatementLines) {
    return fail(ErrorCode::kResourceExhausted, "the statement is too long: choose a shorter period");
  }
  for (const db::Row row : *rows) {
    StatementLine& line = out.lines.emplace_back();
    line.at = row.get<SystemTime>("at");
    line.kind = row.get<std::string>("kind");
    line.day = row.get<std::string>("day");
    line.model = row.get<std::string>("model");
    line.requests = row.get<std::int64_t>("requests");
    line.amount_nano_usd = row.get<std::int64_t>("amount");
    line.external_id = row.get<std::string>("external_id");
    line.reason = row.get<std::string>("reason");
    line.balance_nano_usd = out.closing_nano_usd += line.amount_nano_usd;
  }
  return out;
}

std::string csv_cell(std::string_view text) {
  // OWASP's list; what a program may strip before it looks comes first.
  constexpr std::string_view kFormula = "=+-@\t\r\n|%";
  std::string out = "\"";
  const std::size_t first = text.find_first_not_of(' ');
  if (first != std::string_view::npos && kFormula.find(text[first]) != std::string_view::npos) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string to_csv(const Statement& statement) {
  std::string out = "time,kind,day,model,requests,amount_usd,balance_usd,external_id,reason\r\n";
  const auto balance = [&](SystemTime at, std::string_view kind, std::int64_t nano_usd) {
    fmt::format_to(std::back_inserter(out), "{},{},,,,,{},,\r\n", time_text(at), kind, money::format_usd(nano_usd));
  };
  balance(statement.from, "opening", statement.opening_nano_usd);
  for (const StatementLine& line : statement.lines) {
    // Times, kinds, days and amounts are our own words.
    fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{}\r\n", time_text(line.at), line.kind, line.day,
                   csv_cell(line.model), line.requests, money::format_usd(line.amount_nano_usd),
                   money::format_usd(line.balance_nano_usd), csv_cell(line.external_id), csv_cell(line.reason));
  }
  balance(statement.to, "closing", statement.closing_nano_usd);
  return out;
}

}  // namespace sluice::billing
