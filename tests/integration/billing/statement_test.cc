#include "controlplane/billing/statement.h"

#include "controlplane/billing/ledger_checks.h"
#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

using namespace testing;

namespace {

Statement statement_of(Books& books, const std::string& user, SystemTime from, SystemTime to) {
  return value_of(in_tx(books, [&](db::Transaction& tx) { return make_statement(tx, user, from, to); }));
}

}  // namespace

TEST_CASE("a statement leads from the opening to the closing balance") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, 1'000'000, "before"));
  static_cast<void>(books.top_up(books.add_user(), 77, "another's"));
  const SystemTime from = now();
  value_of(books.ingest().store("node", batch_of({event_for(user, 1), event_for(user, 2)})));
  static_cast<void>(value_of(books.try_adjust(
      {.user_id = user, .amount_nano_usd = -500, .reason = "=HYPERLINK(\"x\"),\"q\"", .external_id = "@sum"})));
  const SystemTime to = now();
  static_cast<void>(books.top_up(user, 9, "after"));

  const Statement statement = statement_of(books, user, from, to);
  CHECK(statement.opening_nano_usd == 1'000'000);
  REQUIRE(statement.lines.size() == 2);
  CHECK(statement.lines[0].kind == "usage");
  CHECK(statement.lines[0].requests == 2);
  CHECK(statement.lines[0].model == "claude-sonnet-4-5");
  CHECK(statement.lines[0].amount_nano_usd == -cost_of(3));
  CHECK(statement.lines[0].balance_nano_usd == 1'000'000 - cost_of(3));
  CHECK(statement.lines[1].reason == "=HYPERLINK(\"x\"),\"q\"");
  CHECK(statement.closing_nano_usd == 1'000'000 - cost_of(3) - 500);
  // Periods that touch lead into one another.
  CHECK(statement_of(books, user, to, now() + std::chrono::seconds(1)).opening_nano_usd == statement.closing_nano_usd);
  CHECK(statement_of(books, user, to, now() + std::chrono::seconds(1)).closing_nano_usd ==
        books.balance_of(user).nano_usd);

  const std::string csv = to_csv(statement);
  CHECK(csv.find("\"'=HYPERLINK(\"\"x\"\"),\"\"q\"\"\"\r\n") != std::string::npos);
  CHECK(csv.find("\"'@sum\"") != std::string::npos);
  CHECK(csv.find(",-0.000045,") != std::string::npos);
  CHECK(csv.find("closing,,,,,0.0009545,,\r\n") != std::string::npos);
}

TEST_CASE("cells that a spreadsheet would compute are defused") {
  for (const char* evil : {"=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "  =1", "|x", "%0A"})
    CHECK(csv_cell(evil).starts_with("\"'"));
  CHECK(csv_cell("plain, \"text\"") == "\"plain, \"\"text\"\"\"");
  CHECK(csv_cell("") == "\"\"");
}

TEST_CASE("statements of impossible periods are refused") {
  Books books;
  const std::string user = books.add_user();
  const auto make = [&](const std::string& id, SystemTime from, SystemTime to) {
    const auto made = in_tx(books, [&](db::Transaction& tx) { return make_statement(tx, id, from, to); });
    return made ? ErrorCode::kInternal : made.error().code;
  };
  const SystemTime at = now();
  CHECK(make(user, at, at) == ErrorCode::kInvalidArgument);
  CHECK(make(user, at, at + std::chrono::days(401)) == ErrorCode::kInvalidArgument);
  CHECK(make(new_id(), at, at + std::chrono::days(1)) == ErrorCode::kNotFound);
}

TEST_CASE("the books are checked once in an interval by all, and drift is kept") {
  Books books;
  const RealClock clock;
  static_cast<void>(books.top_up(books.add_user(), 10, "x"));
  std::atomic<int> checked{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto done = check_if_due(books.pool(), clock, std::chrono::hours(1));
      if (done && *done) ++checked;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(checked == 1);
  value_of(books.try_sql("UPDATE wallets SET balance_nano_usd = 11"));
  CHECK(value_of(check_if_due(books.pool(), clock, std::chrono::seconds(0))));
  const auto page = value_of(in_tx(books, [&](db::Transaction& tx) { return list_checks(tx, {}); }));
  REQUIRE(page.rows.size() == 2);
  REQUIRE(page.rows[0].drifts.size() == 1);
  CHECK(page.rows[0].drifts[0].invariant == "wallet");
  CHECK(page.rows[0].drifts[0].expected_nano_usd == "10");
  CHECK(page.rows[0].drifts[0].actual_nano_usd == "11");
  CHECK(page.rows[1].drifts.empty());
}

}  // namespace sluice::billing
