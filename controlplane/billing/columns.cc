#include "controlplane/billing/columns.h"

#include <ranges>
#include <set>
#include <utility>

#include "controlplane/usage/rollups.h"

namespace sluice::billing {

namespace {

namespace v1 = usage::v1;

#define SLUICE_EVENT_COLUMNS                                                                                    \
  "day, event_id, started_at, ended_at, user_id, api_key_id, group_id, account_id, protocol, requested_model, " \
  "served_model, streaming, outcome, usage_state, input_tokens, output_tokens, cache_read_tokens, "             \
  "cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_id, price_revision, lines, multiplier_ppm, "  \
  "cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version, wait_us, "     \
  "upstream_model, budget_windows, subscription_id, subscription_windows"

// Wallets are paid in order of user id, then budgets in order of key and window: batches that share any wait for each
// other and never deadlock. A wallet is due to be published when it falls below half of what nodes were told last, or
// to zero.
constexpr db::Statement kInsertAndPost{
    "billing_insert_and_post",
    "WITH fresh AS ("
    "  INSERT INTO usage_events (" SLUICE_EVENT_COLUMNS
    ", node_id, purchase_nano_usd)"
    "  SELECT t.*, $36, (SELECT purchase_cost(p.purchase, input_tokens, output_tokens, cache_read_tokens,"
    "    cache_write_5m_tokens, cache_write_1h_tokens) FROM prices p WHERE p.id = t.price_id)"
    "  FROM unnest($1::date[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],"
    "    $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::smallint[],"
    "    $14::smallint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[],"
    "    $21::uuid[], $22::bigint[], $23::jsonb[], $24::bigint[], $25::bigint[], $26::integer[], $27::text[],"
    "    $28::bigint[], $29::integer[], $30::bigint[], $31::bigint[], $32::text[], $33::text[],"
    "    $34::uuid[], $35::text[]) AS t (" SLUICE_EVENT_COLUMNS
    ")"
    "  ON CONFLICT DO NOTHING RETURNING event_id, user_id, api_key_id, cost_nano_usd, budget_windows,"
    "    subscription_id, subscription_windows, " SLUICE_ROLLED_UP_COLUMNS "), " SLUICE_CLASSED(
        "fresh") ", " SLUICE_IN_MINUTES ", " SLUICE_IN_QUARTERS ", " SLUICE_IN_DAYS
                 ", billed AS ("
                 "  SELECT * FROM fresh WHERE cost_nano_usd > 0"
                 "), posted AS ("
                 "  INSERT INTO ledger_transactions (id, kind) SELECT event_id, 'usage' FROM billed"
                 "), lines AS ("
                 "  INSERT INTO ledger_lines (transaction_id, line_no, account, user_id, amount_nano_usd)"
                 "  SELECT event_id, 1, CASE WHEN subscription_id IS NULL THEN 'wallet' ELSE 'subscription' END, "
                 "user_id,"
                 "    -cost_nano_usd FROM billed"
                 "  UNION ALL SELECT event_id, 2, 'revenue', NULL, cost_nano_usd FROM billed"
                 "), spent AS ("
                 "  SELECT user_id, sum(cost_nano_usd)::bigint AS amount FROM billed WHERE subscription_id IS NULL"
                 "  GROUP BY user_id"
                 "), paid AS ("
                 "  INSERT INTO wallets AS w (user_id, balance_nano_usd, version, published_nano_usd)"
                 "  SELECT user_id, -amount, 1, -amount FROM spent ORDER BY user_id"
                 "  ON CONFLICT (user_id) DO UPDATE SET balance_nano_usd = w.balance_nano_usd + "
                 "excluded.balance_nano_usd,"
                 "    version = w.version + 1, published_nano_usd = CASE"
                 "      WHEN w.published_nano_usd > 0"
                 "        AND w.balance_nano_usd + excluded.balance_nano_usd < w.published_nano_usd / 2"
                 "        OR w.balance_nano_usd > 0 AND w.balance_nano_usd + excluded.balance_nano_usd <= 0"
                 "      THEN w.balance_nano_usd + excluded.balance_nano_usd ELSE w.published_nano_usd END"
                 "  RETURNING user_id, balance_nano_usd, version, published_nano_usd"
                 "), due AS ("
                 "  SELECT user_id FROM paid JOIN spent USING (user_id)"
                 "  WHERE published_nano_usd = balance_nano_usd AND balance_nano_usd + amount > 0"
                 "), shares AS ("
                 "  SELECT api_key_id, window_id, sum(cost_nano_usd)::bigint AS amount"
                 "  FROM billed, unnest(string_to_array(budget_windows, ' ')) AS window_id GROUP BY api_key_id, "
                 "window_id"
                 "), charged AS ("
                 "  INSERT INTO key_spending AS k (api_key_id, window_id, spent_nano_usd, version)"
                 "  SELECT api_key_id, window_id, amount, 1 FROM shares"
                 "  WHERE (SELECT count(*) FROM paid) >= 0"  // all wallets first
                 "  ORDER BY api_key_id, window_id"
                 "  ON CONFLICT (api_key_id, window_id) DO UPDATE SET spent_nano_usd = k.spent_nano_usd + "
                 "excluded.spent_nano_usd,"
                 "    version = k.version + 1"
                 "  RETURNING api_key_id, window_id, spent_nano_usd, version"
                 "), sub_shares AS ("
                 "  SELECT subscription_id, window_id, sum(cost_nano_usd)::bigint AS amount"
                 "  FROM billed, unnest(string_to_array(subscription_windows, ' ')) AS window_id"
                 "  WHERE subscription_id IS NOT NULL GROUP BY subscription_id, window_id"
                 "), sub_charged AS ("
                 "  INSERT INTO subscription_spending AS s (subscription_id, window_id, spent_nano_usd, version)"
                 "  SELECT subscription_id, window_id, amount, 1 FROM sub_shares"
                 "  WHERE (SELECT count(*) FROM charged) >= 0"  // all keys first
                 "  ORDER BY subscription_id, window_id"
                 "  ON CONFLICT (subscription_id, window_id) DO UPDATE SET"
                 "    spent_nano_usd = s.spent_nano_usd + excluded.spent_nano_usd, version = s.version + 1"
                 "  RETURNING subscription_id, window_id, spent_nano_usd, version"
                 "), states AS ("
                 "  SELECT 'user:' || user_id AS id, balance_nano_usd AS nano_usd, version FROM paid"
                 "  UNION ALL SELECT 'key:' || api_key_id || ':' || window_id, -spent_nano_usd, version FROM charged"
                 "  UNION ALL SELECT 'sub:' || subscription_id || ':' || window_id, -spent_nano_usd, version FROM "
                 "sub_charged"
                 ")"
                 "SELECT (SELECT count(*) FROM fresh) AS stored,"
                 "  (SELECT coalesce(array_agg(user_id::text ORDER BY user_id), '{}') FROM due) AS due,"
                 "  coalesce(array_agg(id), '{}') AS purses, coalesce(array_agg(nano_usd), '{}') AS nano_usd,"
                 "  coalesce(array_agg(version), '{}') AS versions FROM states"};

constexpr db::Statement kReadPurses{
    "billing_read_purses",
    "SELECT 'user:' || t.id AS id, coalesce(balance_nano_usd, 0) AS nano_usd, coalesce(version, 0) AS version"
    "  FROM unnest($1::uuid[]) AS t (id) LEFT JOIN wallets ON user_id = t.id "
    "UNION ALL "
    "SELECT 'key:' || t.key_id || ':' || t.window_id, -coalesce(spent_nano_usd, 0), coalesce(version, 0)"
    "  FROM unnest($2::uuid[], $3::text[]) AS t (key_id, window_id)"
    "  LEFT JOIN key_spending AS k ON k.api_key_id = t.key_id AND k.window_id = t.window_id "
    "UNION ALL "
    "SELECT 'sub:' || t.id || ':' || t.window_id, -coalesce(spent_nano_usd, 0), coalesce(version, 0)"
    "  FROM unnest($4::uuid[], $5::text[]) AS t (id, window_id)"
    "  LEFT JOIN subscription_spending AS s ON s.subscription_id = t.id AND s.window_id = t.window_id"};

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
      field(rows, &Event::config_version), field(rows, &Event::wait_us), text(rows, &Event::upstream_model),
      member(rows, &EventRow::budget_windows), member(rows, &EventRow::subscription_id),
      member(rows, &EventRow::subscription_windows), clean_text(node_id));
}

namespace {

// Budgets as two columns: whose they are, and their windows.
class Unmoved {
 public:
  void add(const Uuid& owner, std::string_view window_ids, const Purses& moved,
           std::string (*name)(const Uuid&, std::string_view)) {
    for (const auto part : std::views::split(window_ids, ' ')) {
      const std::string_view window(part.begin(), part.end());
      if (!moved.contains(name(owner, window)) && seen_.emplace(owner, window).second) {
        owners.push_back(owner);
        windows.emplace_back(window);
      }
    }
  }

  std::vector<Uuid> owners;
  std::vector<std::string> windows;

 private:
  std::set<std::pair<Uuid, std::string>> seen_;
};

}  // namespace

Result<> read_unmoved_purses(db::Transaction& tx, std::span<const EventRow> rows, Purses& purses) {
  std::set<Uuid> users;
  Unmoved keys;
  Unmoved subscriptions;
  for (const EventRow& row : rows) {
    if (row.names_wallet && !purses.contains(wallet_purse(row.user_id))) users.insert(row.user_id);
    keys.add(row.api_key_id, row.budget_windows, purses, budget_purse);
    if (row.subscription_id) {
      subscriptions.add(*row.subscription_id, row.subscription_windows, purses, subscription_purse);
    }
  }
  if (users.empty() && keys.owners.empty() && subscriptions.owners.empty()) return {};
  const auto found = tx.exec(kReadPurses, std::vector<Uuid>(users.begin(), users.end()), keys.owners, keys.windows,
                             subscriptions.owners, subscriptions.windows);
  if (!found) return std::unexpected(found.error());
  for (const db::Row row : *found) {
    purses[row.get<std::string>("id")] = {.nano_usd = row.get<std::int64_t>("nano_usd"),
                                          .version = row.get<std::int64_t>("version")};
  }
  return {};
}

}  // namespace sluice::billing
