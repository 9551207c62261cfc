// What happened to a user's wallet in a period: opening balance, lines, closing balance. Blocking, any thread; to_csv()
// is pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::billing {

struct StatementLine {
  // When it was booked; of usage, the last booking of the line.
  SystemTime at = {};
  std::string kind = {};  // as LedgerEntry.kind
  // Of usage, which has one line for each day of the billing time zone and model.
  std::string day = {};  // "2026-11-23"
  std::string model = {};
  std::int64_t requests = 0;
  std::int64_t amount_nano_usd = 0;
  std::int64_t balance_nano_usd = 0;  // after this line
  std::string external_id = {};
  std::string reason = {};
};

struct Statement {
  std::string user_id = {};
  SystemTime from = {};
  SystemTime to = {};  // not included
  std::int64_t opening_nano_usd = 0;
  std::vector<StatementLine> lines = {};  // by time
  std::int64_t closing_nano_usd = 0;      // opening and all lines
};

inline constexpr int kMaxStatementLines = 20'000;

// By the time of booking. A period is final when it has been over for a minute: what is being booked at this moment may
// still come in. kInvalidArgument for a period that ends before it begins or is longer than 400 days,
// kResourceExhausted for more than kMaxStatementLines lines, kNotFound for an unknown user.
[[nodiscard]] Result<Statement> make_statement(db::Transaction& tx, std::string_view user_id, SystemTime from,
                                               SystemTime to);

// RFC 4180 with a header. Texts that a spreadsheet would take for a formula are defused by a leading apostrophe.
[[nodiscard]] std::string to_csv(const Statement& statement);

// One cell, quoted and defused.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace sluice::billing
