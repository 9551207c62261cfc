#include "controlplane/billing/ledger.h"

#include <algorithm>
#include <optional>

#include "common/base/uuid.h"
#include "controlplane/store/users.h"

namespace sluice::billing {

namespace {

// The transaction of an earlier call with this external id.
Result<std::optional<Adjusted>> find_repeated(db::Transaction& tx, const Adjustment& wanted) {
  const auto rows = tx.exec(
      "SELECT t.id::text AS id, l.user_id::text AS user_id, l.amount_nano_usd FROM ledger_transactions t "
      "JOIN ledger_lines l ON l.transaction_id = t.id AND l.account = 'wallet' WHERE t.external_id = $1",
      wanted.external_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  const db::Row row = rows->front();
  if (row.get<std::string>("user_id") != wanted.user_id ||
      row.get<std::int64_t>("amount_nano_usd") != wanted.amount_nano_usd) {
    return fail(ErrorCode::kAlreadyExists, "this external id names another adjustment");
  }
  const Result<Balance> now = balance(tx, wanted.user_id);
  if (!now) return std::unexpected(now.error());
  return Adjusted{.balance = *now, .transaction_id = row.get<std::string>("id"), .repeated = true};
}

// False if another transaction has taken the external id meanwhile (and committed).
Result<bool> insert_transaction(db::Transaction& tx, const std::string& id, const Adjustment& adjustment) {
  const auto rows = tx.exec(
      "INSERT INTO ledger_transactions (id, kind, external_id, reason, actor) VALUES ($1, $5, $2, $3, $4) "
      "ON CONFLICT (external_id) WHERE external_id IS NOT NULL DO NOTHING",
      id, adjustment.external_id, adjustment.reason, adjustment.actor,
      adjustment.source == Source::kRedemption ? "redemption" : "adjustment");
  if (!rows) return std::unexpected(rows.error());
  return rows->affected() == 1;
}

Result<Balance> move_money(db::Transaction& tx, const std::string& id, const Adjustment& adjustment) {
  const auto lines = tx.exec(
      "INSERT INTO ledger_lines (transaction_id, line_no, account, user_id, amount_nano_usd) "
      "VALUES ($1, 1, 'wallet', $2, $3), ($1, 2, $4, NULL, -($3::bigint))",
      id, adjustment.user_id, adjustment.amount_nano_usd,
      adjustment.source == Source::kRedemption ? "promotion" : "adjustment");
  if (!lines) return std::unexpected(lines.error());
  const auto wallet = tx.exec(
      "INSERT INTO wallets AS w (user_id, balance_nano_usd, version, published_nano_usd) VALUES ($1, $2, 1, $2) "
      "ON CONFLICT (user_id) DO UPDATE SET balance_nano_usd = w.balance_nano_usd + excluded.balance_nano_usd, "
      "version = w.version + 1, published_nano_usd = w.balance_nano_usd + excluded.balance_nano_usd "
      "RETURNING balance_nano_usd, version",
      adjustment.user_id, adjustment.amount_nano_usd);
  if (!wallet) return std::unexpected(wallet.error());
  const db::Row row = wallet->front();
  return Balance{row.get<std::int64_t>("balance_nano_usd"), row.get<std::int64_t>("version")};
}

}  // namespace

Result<Adjusted> adjust(db::Transaction& tx, const Adjustment& adjustment, SystemTime now) {
  if (adjustment.amount_nano_usd == 0) return fail(ErrorCode::kInvalidArgument, "an adjustment of 0 is none");
  if (adjustment.external_id.empty()) return fail(ErrorCode::kInvalidArgument, "an adjustment needs an external id");
  const auto user = store::get_user(tx, adjustment.user_id);
  if (!user) return std::unexpected(user.error());
  if (user->status == store::Status::kDeleted) return fail(ErrorCode::kNotFound, "the user is deleted");
  Adjustment canonical = adjustment;
  canonical.user_id = user->id;
  const std::string id = Uuid::generate(now).to_string();
  const Result<bool> first = insert_transaction(tx, id, canonical);
  if (!first) return std::unexpected(first.error());
  if (!*first) {
    const Result<std::optional<Adjusted>> repeated = find_repeated(tx, canonical);
    if (!repeated) return std::unexpected(repeated.error());
    if (*repeated) return **repeated;
    return fail(ErrorCode::kUnavailable, "the same adjustment is being made at this moment; try again");
  }
  const Result<Balance> moved = move_money(tx, id, canonical);
  if (!moved) return std::unexpected(moved.error());
  if (const auto touched = store::touch_user(tx, canonical.user_id); !touched) return std::unexpected(touched.error());
  return Adjusted{.balance = *moved, .transaction_id = id, .repeated = false};
}

Result<Balance> balance(db::Transaction& tx, std::string_view user_id) {
  const auto rows = tx.exec("SELECT balance_nano_usd, version FROM wallets WHERE user_id = $1", user_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return Balance{};
  return Balance{rows->front().get<std::int64_t>("balance_nano_usd"), rows->front().get<std::int64_t>("version")};
}

Result<store::Page<LedgerEntry>> list_entries(db::Transaction& tx, std::string_view user_id,
                                              const store::PageRequest& request) {
  const auto position = store::decode_cursor(request.cursor);
  if (!position) return std::unexpected(position.error());
  const int size = std::clamp(request.size, 1, store::kMaxPageSize);
  const auto rows = tx.exec(
      "SELECT t.id::text AS id, t.kind, l.amount_nano_usd, t.at, coalesce(t.external_id, '') AS external_id, t.reason, "
      "t.actor FROM ledger_lines l JOIN ledger_transactions t ON t.id = l.transaction_id "
      "WHERE l.user_id = $1 AND l.account = 'wallet' AND l.transaction_id < coalesce($2::uuid, "
      "'ffffffff-ffff-ffff-ffff-ffffffffffff') "
      "ORDER BY l.transaction_id DESC LIMIT $3",
      user_id, *position ? std::optional((*position)->id) : std::nullopt, size + 1);
  if (!rows) return std::unexpected(rows.error());
  store::Page<LedgerEntry> page;
  for (const db::Row row : *rows) {
    if (page.rows.size() == static_cast<std::size_t>(size)) {
      page.next = store::encode_cursor({page.rows.back().at, page.rows.back().transaction_id});
      break;
    }
    page.rows.push_back({.transaction_id = row.get<std::string>("id"),
                         .kind = row.get<std::string>("kind"),
                         .amount_nano_usd = row.get<std::int64_t>("amount_nano_usd"),
                         .at = row.get<SystemTime>("at"),
                         .external_id = row.get<std::string>("external_id"),
                         .reason = row.get<std::string>("reason"),
                         .actor = row.get<std::string>("actor")});
  }
  return page;
}

}  // namespace sluice::billing
