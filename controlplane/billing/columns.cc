#include "controlplane/billing/columns.h"

namespace sluice::billing {

namespace {

namespace v1 = usage::v1;

#define SLUICE_EVENT_COLUMNS                                                                                    \
  "day, event_id, started_at, ended_at, user_id, api_key_id, group_id, account_id, protocol, requested_model, " \
  "served_model, streaming, outcome, usage_state, input_tokens, output_tokens, cache_read_tokens, "             \
  "cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_id, price_revision, lines, multiplier_ppm, "  \
  "cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version"

// The wallets are paid in order of user id: batches that share users wait for each other and never deadlock.
constexpr db::Statement kInsertAndPost{
    "billing_insert_and_post",
    "WITH fresh AS ("
    "  INSERT INTO usage_events (" SLUICE_EVENT_COLUMNS
    ", node_id)"
    "  SELECT t.*, $31 FROM unnest($1::date[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],"
    "    $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::smallint[],"
    "    $14::smallint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[],"
    "    $21::uuid[], $22::bigint[], $23::jsonb[], $24::bigint[], $25::bigint[], $26::integer[], $27::text[],"
    "    $28::bigint[], $29::integer[], $30::bigint[]) AS t"
    "  ON CONFLICT DO NOTHING RETURNING event_id, user_id, cost_nano_usd"
    "), billed AS ("
    "  SELECT * FROM fresh WHERE cost_nano_usd > 0"
    "), posted AS ("
    "  INSERT INTO ledger_transactions (id, kind) SELECT event_id, 'usage' FROM billed"
    "), lines AS ("
    "  INSERT INTO ledger_lines (transaction_id, line_no, account, user_id, amount_nano_usd)"
    "  SELECT event_id, 1, 'wallet', user_id, -cost_nano_usd FROM billed"
    "  UNION ALL SELECT event_id, 2, 'revenue', NULL, cost_nano_usd FROM billed"
    "), spent AS ("
    "  SELECT user_id, sum(cost_nano_usd)::bigint AS amount FROM billed GROUP BY user_id"
    "), paid AS ("
    "  INSERT INTO wallets AS w (user_id, balance_nano_usd, version)"
    "  SELECT user_id, -amount, 1 FROM spent ORDER BY user_id"
    "  ON CONFLICT (user_id) DO UPDATE SET balance_nano_usd = w.balance_nano_usd + excluded.balance_nano_usd,"
    "    version = w.version + 1"
    "  RETURNING user_id, balance_nano_usd"
    ")"
    "SELECT (SELECT count(*) FROM fresh) AS stored, (SELECT coalesce(array_agg(user_id::text ORDER BY user_id), '{}')"
    "  FROM paid JOIN spent USING (user_id)"
    "  WHERE balance_nano_usd <= 0 AND balance_nano_usd + amount > 0) AS crossed"};

template <class Get>
auto column(std::span<const EventRow> rows, Get get) {
  std::vector<std::invoke_result_t<Get, const EventRow&>> values;
  values.reserve(rows.size());
  for (const EventRow& row : rows)
    values.push_back(get(row));
  return values;
}

// A column that is the event's own field.
template <class Field>
auto field(std::span<const EventRow> rows, Field get) {
  return column(rows, [get](const EventRow& row) { return (row.event->*get)(); });
}

template <class Field>
auto text(std::span<const EventRow> rows, Field get) {
  return column(rows, [get](const EventRow& row) { return clean_text((row.event->*get)()); });
}

template <class Count>
auto tokens(std::span<const EventRow> rows, Count get) {
  return column(rows, [get](const EventRow& row) { return (row.event->tokens().*get)(); });
}

template <class Member>
auto member(std::span<const EventRow> rows, Member EventRow::* wanted) {
  return column(rows, [wanted](const EventRow& row) { return row.*wanted; });
}

}  // namespace

Result<db::Rows> insert_and_post(db::Transaction& tx, const std::string& node_id, std::span<const EventRow> rows) {
  using Event = v1::UsageEvent;
  using Tokens = v1::TokenCounts;
  const auto day = column(rows, [](const EventRow& row) { return db::format_time(SystemTime(row.day)).substr(0, 10); });
  const auto streaming =
      column(rows, [](const EventRow& row) { return std::string(row.event->streaming() ? "t" : "f"); });
  const auto outcome = column(rows, [](const EventRow& row) { return static_cast<int>(row.event->outcome()); });
  const auto state = column(rows, [](const EventRow& row) { return static_cast<int>(row.event->usage_state()); });
  return tx.exec(
      kInsertAndPost, day, member(rows, &EventRow::event_id), member(rows, &EventRow::started_at),
      member(rows, &EventRow::ended_at), member(rows, &EventRow::user_id), member(rows, &EventRow::api_key_id),
      member(rows, &EventRow::group_id), member(rows, &EventRow::account_id), text(rows, &Event::protocol),
      text(rows, &Event::requested_model), text(rows, &Event::served_model), streaming, outcome, state,
      tokens(rows, &Tokens::input), tokens(rows, &Tokens::output), tokens(rows, &Tokens::cache_read),
      tokens(rows, &Tokens::cache_write_5m), tokens(rows, &Tokens::cache_write_1h), text(rows, &Event::raw_usage),
      member(rows, &EventRow::price_id), field(rows, &Event::price_revision), member(rows, &EventRow::lines),
      field(rows, &Event::multiplier_ppm), field(rows, &Event::cost_nano_usd), field(rows, &Event::upstream_status),
      text(rows, &Event::upstream_request_id), field(rows, &Event::first_byte_us), field(rows, &Event::attempts),
      field(rows, &Event::config_version), clean_text(node_id));
}

}  // namespace sluice::billing
