#include "controlplane/billing/redeem_codes.h"

#include <fmt/format.h>

#include "common/base/uuid.h"
#include "common/resource/limits.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/billing/redeem_format.h"
#include "controlplane/store/row_access.h"
#include "controlplane/store/subscription_plans.h"
#include "controlplane/store/subscriptions.h"
#include "controlplane/store/users.h"

namespace sluice::billing {

namespace {

#define SLUICE_CODE_COLUMNS                                                                                          \
  "c.id, c.last4, c.kind, c.amount_nano_usd, c.concurrency, c.plan_id, c.days, c.note, c.expires_at, c.revoked_at, " \
  "c.created_by, c.created_at, r.user_id AS redeemed_by, r.at AS redeemed_at"
#define SLUICE_CODE_TABLES "redeem_codes c LEFT JOIN redemptions r ON r.code_id = c.id"

CodeKind kind_of(std::string_view text) {
  if (text == "balance") return CodeKind::kBalance;
  return text == "concurrency" ? CodeKind::kConcurrency : CodeKind::kSubscription;
}

RedeemCode read_code(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .last4 = row.get<std::string>("last4"),
          .kind = kind_of(row.get<std::string>("kind")),
          .amount_nano_usd = row.get<std::optional<std::int64_t>>("amount_nano_usd").value_or(0),
          .concurrency = row.get<std::optional<std::int32_t>>("concurrency").value_or(0),
          .plan_id = row.get<std::optional<std::string>>("plan_id").value_or(""),
          .days = row.get<std::optional<std::int32_t>>("days").value_or(0),
          .note = row.get<std::string>("note"),
          .expires_at = row.get<std::optional<SystemTime>>("expires_at"),
          .revoked_at = row.get<std::optional<SystemTime>>("revoked_at"),
          .created_by = row.get<std::string>("created_by"),
          .created_at = row.get<SystemTime>("created_at"),
          .redeemed_by = row.get<std::optional<std::string>>("redeemed_by"),
          .redeemed_at = row.get<std::optional<SystemTime>>("redeemed_at")};
}

// Apart from API keys, which are hashed under the same pepper.
db::Bytes hmac_of(const crypto::ApiKeyHasher& hasher, const Secret& canonical) {
  const Secret text("redeem code|" + std::string(canonical.reveal()));
  const crypto::ApiKeyHash hash = hasher.hash(text.reveal());
  return {std::string(hash.begin(), hash.end())};
}

Result<> check_values(db::Transaction& tx, const RedeemCode& code, SystemTime now) {
  const auto refuse = [](std::string_view why) { return fail(ErrorCode::kInvalidArgument, std::string(why)); };
  if (code.expires_at && *code.expires_at <= now) return refuse("expires_at is in the past");
  switch (code.kind) {
    case CodeKind::kBalance:
      if (code.amount_nano_usd > 0 && code.amount_nano_usd <= resource::kMaxBudget) return {};
      return refuse("amount_usd must be above 0");
    case CodeKind::kConcurrency:
      if (code.concurrency > 0 && code.concurrency <= 100'000) return {};
      return refuse("concurrency must be 1 to 100000");
    case CodeKind::kSubscription:
      break;
  }
  if (code.days < 1 || code.days > store::kMaxSubscriptionDays) return refuse("days must be 1 to 36500");
  const auto plan = store::get_plan(tx, code.plan_id);
  if (!plan) return std::unexpected(plan.error());
  if (plan->status != store::Status::kActive) return refuse("the plan is not active");
  return {};
}

template <class T>
std::optional<T> only_if(bool wanted, const T& value) {
  return wanted ? std::optional(value) : std::nullopt;
}

std::unexpected<Error> no_such_code() {
  return fail(ErrorCode::kNotFound, "this code is not valid: it is mistyped, used or expired");
}

// 0 slots mean the default, and a default of 0 means that there is nothing to add to.
Result<> add_slots(db::Transaction& tx, std::string_view user_id, std::int32_t slots) {
  const auto done = tx.exec(
      "UPDATE users SET concurrency = CASE WHEN concurrency = 0 AND d.slots = 0 THEN 0 "
      "ELSE least($3, CASE WHEN concurrency = 0 THEN d.slots ELSE concurrency END + $2) END, updated_at = now() "
      "FROM (SELECT default_user_concurrency AS slots FROM settings) d WHERE users.id = $1",
      user_id, slots, static_cast<std::int64_t>(resource::kMaxConcurrency));
  if (!done) return std::unexpected(done.error());
  const auto pushed = store::touch_user(tx, user_id);
  if (!pushed) return std::unexpected(pushed.error());
  return {};
}

Result<> give(db::Transaction& tx, std::string_view user_id, const RedeemCode& code, SystemTime now) {
  const std::string reason = fmt::format("redeem code ...{}", code.last4);
  switch (code.kind) {
    case CodeKind::kBalance: {
      const auto done = adjust(tx,
                               {.user_id = std::string(user_id),
                                .amount_nano_usd = code.amount_nano_usd,
                                .reason = reason,
                                .external_id = "redeem:" + code.id,
                                .actor = std::string(user_id),
                                .source = Source::kRedemption},
                               now);
      if (!done) return std::unexpected(done.error());
      return {};
    }
    case CodeKind::kConcurrency:
      return add_slots(tx, user_id, code.concurrency);
    case CodeKind::kSubscription:
      break;
  }
  const auto done = store::assign_or_extend(
      tx, {.user_id = std::string(user_id), .plan_id = code.plan_id, .days = code.days, .note = reason}, now);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> give_attempt_back(db::Transaction& tx, std::string_view user_id) {
  const auto done =
      tx.exec("UPDATE redeem_attempts SET attempts = greatest(attempts - 1, 0) WHERE user_id = $1", user_id);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace

std::string_view name(CodeKind kind) {
  if (kind == CodeKind::kBalance) return "balance";
  return kind == CodeKind::kConcurrency ? "concurrency" : "subscription";
}

Result<NewCode> create_code(db::Transaction& tx, const crypto::ApiKeyHasher& hasher, const RedeemCode& wanted,
                            SystemTime now) {
  if (Result<> sane = check_values(tx, wanted, now); !sane) return std::unexpected(sane.error());
  NewCode out{.row = wanted, .code = generate_redeem_code()};
  out.row.id = Uuid::generate(now).to_string();
  out.row.last4 = out.code.reveal().substr(out.code.reveal().size() - 4);
  const bool subscription = wanted.kind == CodeKind::kSubscription;
  const auto rows = tx.exec(
      "INSERT INTO redeem_codes (id, code_hmac, last4, kind, amount_nano_usd, concurrency, plan_id, days, note, "
      "expires_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING created_at",
      out.row.id, hmac_of(hasher, *canonical_redeem_code(out.code.reveal())), out.row.last4, name(wanted.kind),
      only_if(wanted.kind == CodeKind::kBalance, wanted.amount_nano_usd),
      only_if(wanted.kind == CodeKind::kConcurrency, wanted.concurrency), only_if(subscription, wanted.plan_id),
      only_if(subscription, wanted.days), wanted.note, wanted.expires_at, wanted.created_by);
  if (!rows) return std::unexpected(rows.error());
  out.row.created_at = rows->front().get<SystemTime>("created_at");
  return out;
}

Result<RedeemCode> get_code(db::Transaction& tx, std::string_view id) {
  return store::one(tx.exec("SELECT " SLUICE_CODE_COLUMNS " FROM " SLUICE_CODE_TABLES " WHERE c.id = $1", id),
                    read_code, [&] { return store::not_found("redeem code", id); });
}

Result<store::Page<RedeemCode>> list_codes(db::Transaction& tx, const store::PageRequest& page,
                                           std::optional<SystemTime> unused) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows = tx.exec("SELECT " SLUICE_CODE_COLUMNS " FROM " SLUICE_CODE_TABLES
                            " WHERE (c.created_at, c.id) < (coalesce($1::timestamptz, 'infinity'), "
                            "coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) "
                            "AND ($4::timestamptz IS NULL OR r.code_id IS NULL AND c.revoked_at IS NULL "
                            "AND coalesce(c.expires_at > $4, true)) ORDER BY c.created_at DESC, c.id DESC LIMIT $3",
                            store::time_of(*position), store::id_of(*position), store::page_size(page) + 1, unused);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<RedeemCode>(*rows, store::page_size(page), read_code,
                                      store::position_by_created_at<RedeemCode>);
}

Result<RedeemCode> revoke_code(db::Transaction& tx, std::string_view id, SystemTime now) {
  const auto locked = tx.exec("SELECT FROM redeem_codes WHERE id = $1 FOR UPDATE", id);
  if (!locked) return std::unexpected(locked.error());
  const auto code = get_code(tx, id);
  if (!code) return code;
  if (code->redeemed_by) return fail(ErrorCode::kFailedPrecondition, "the code is used: what it gave is not undone");
  const auto done =
      tx.exec("UPDATE redeem_codes SET revoked_at = coalesce(revoked_at, $2::timestamptz) WHERE id = $1", id, now);
  if (!done) return std::unexpected(done.error());
  return get_code(tx, id);
}

Result<> count_attempt(db::Transaction& tx, std::string_view user_id, SystemTime now) {
  const auto rows = tx.exec(
      "INSERT INTO redeem_attempts AS a (user_id, since, attempts) VALUES ($1, $2, 1) "
      "ON CONFLICT (user_id) DO UPDATE SET since = CASE WHEN a.since <= $3 THEN $2 ELSE a.since END, "
      "attempts = CASE WHEN a.since <= $3 THEN 1 ELSE a.attempts + 1 END WHERE a.since <= $3 OR a.attempts < $4",
      user_id, now, now - kRedeemAttemptsSpan, kRedeemAttempts);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 1) return {};
  return fail(ErrorCode::kResourceExhausted, "too many codes were tried; try again tomorrow");
}

Result<RedeemCode> redeem(db::Transaction& tx, const crypto::ApiKeyHasher& hasher, std::string_view user_id,
                          std::string_view typed, SystemTime now) {
  const std::optional<Secret> canonical = canonical_redeem_code(typed);
  if (!canonical) return no_such_code();
  // The lock keeps a revocation out until this is decided.
  const auto found = tx.exec(
      "SELECT id::text AS id FROM redeem_codes WHERE code_hmac = $1 AND revoked_at IS NULL "
      "AND coalesce(expires_at > $2, true) FOR UPDATE",
      hmac_of(hasher, *canonical), now);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return no_such_code();
  const auto id = found->front().get<std::string>("id");
  const auto used = tx.exec("INSERT INTO redemptions (code_id, user_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                            id, user_id, now);
  if (!used) return std::unexpected(used.error());
  if (used->affected() != 1) return no_such_code();
  const auto code = get_code(tx, id);
  if (!code) return code;
  if (Result<> given = give(tx, user_id, *code, now); !given) return std::unexpected(given.error());
  if (Result<> back = give_attempt_back(tx, user_id); !back) return std::unexpected(back.error());
  return code;
}

}  // namespace sluice::billing
