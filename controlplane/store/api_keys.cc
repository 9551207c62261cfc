#include "controlplane/store/api_keys.h"

#include "controlplane/store/change_log.h"
#include "controlplane/store/group_grants.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_API_KEY_COLUMNS                                                                                   \
  "id, user_id, group_id, name, public_id, last4, key_hmac, pepper_version, status, expires_at, last_used_at, "  \
  "concurrency, requests_per_minute, tokens_per_minute, allow_networks, deny_networks, models, previous_until, " \
  "revision, created_at, updated_at, "                                                                           \
  "ARRAY(SELECT budget_window FROM api_key_budgets WHERE api_key_id = api_keys.id ORDER BY 1) AS windows, "      \
  "ARRAY(SELECT limit_nano_usd FROM api_key_budgets WHERE api_key_id = api_keys.id ORDER BY budget_window) AS limits"

constexpr db::Statement kGet{"get_api_key", "SELECT " SLUICE_API_KEY_COLUMNS " FROM api_keys WHERE id = $1"};

std::vector<Budget> read_budgets(const db::Row& row) {
  const auto windows = row.get<std::vector<std::string>>("windows");
  const auto limits = row.get<std::vector<std::int64_t>>("limits");
  std::vector<Budget> out;
  for (std::size_t i = 0; i < windows.size(); ++i)
    out.push_back({budget_window_of(windows[i]), limits[i]});
  std::ranges::sort(out, {}, &Budget::window);
  return out;
}

ApiKey read_api_key(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .user_id = row.get<std::string>("user_id"),
          .group_id = row.get<std::string>("group_id"),
          .name = row.get<std::string>("name"),
          .public_id = row.get<std::string>("public_id"),
          .last4 = row.get<std::string>("last4"),
          .key_hmac = row.get<db::Bytes>("key_hmac").value,
          .pepper_version = row.get<std::int32_t>("pepper_version"),
          .status = status_of(row.get<std::string>("status")),
          .expires_at = row.get<std::optional<SystemTime>>("expires_at"),
          .concurrency = row.get<std::int32_t>("concurrency"),
          .requests_per_minute = row.get<std::int32_t>("requests_per_minute"),
          .tokens_per_minute = row.get<std::int32_t>("tokens_per_minute"),
          .budgets = read_budgets(row),
          .allow_networks = row.get<std::vector<std::string>>("allow_networks"),
          .deny_networks = row.get<std::vector<std::string>>("deny_networks"),
          .models = row.get<std::vector<std::string>>("models"),
          .previous_until = row.get<std::optional<SystemTime>>("previous_until"),
          .last_used_at = row.get<std::optional<SystemTime>>("last_used_at"),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<ApiKey> record(db::Transaction& tx, Result<ApiKey> key) {
  if (!key) return key;
  auto recorded = record_change(tx, config::v1::KIND_API_KEY, key->id, key->revision, state_of(key->status));
  if (!recorded) return std::unexpected(recorded.error());
  return key;
}

// The locks keep concurrent deletes of the parents from missing this key.
Result<> lock_parents(db::Transaction& tx, const ApiKey& key) {
  auto user = tx.exec("SELECT id FROM users WHERE id = $1 AND status <> 'deleted' FOR SHARE", key.user_id);
  if (!user) return std::unexpected(user.error());
  if (user->empty()) return fail(ErrorCode::kFailedPrecondition, "there is no user with the id " + key.user_id);
  return check_group_is_for(tx, key.group_id, key.user_id);
}

// A key may be changed, and above all disabled, also where its user has lost the group; the nodes refuse it there.
Result<bool> moves(db::Transaction& tx, const ApiKey& key) {
  auto rows = tx.exec("SELECT group_id <> $2 AS moves FROM api_keys WHERE id = $1", key.id, key.group_id);
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty() && rows->front().get<bool>("moves");
}

Result<> replace_budgets(db::Transaction& tx, const ApiKey& key) {
  std::vector<std::string> windows;
  std::vector<std::int64_t> limits;
  for (const Budget& budget : key.budgets) {
    windows.emplace_back(name(budget.window));
    limits.push_back(budget.limit_nano_usd);
  }
  auto removed = tx.exec("DELETE FROM api_key_budgets WHERE api_key_id = $1", key.id);
  if (!removed) return std::unexpected(removed.error());
  auto added = tx.exec(
      "INSERT INTO api_key_budgets (api_key_id, budget_window, limit_nano_usd) "
      "SELECT $1, * FROM unnest($2::text[], $3::bigint[])",
      key.id, windows, limits);
  if (!added) return std::unexpected(added.error());
  return {};
}

// Whether a window gets a budget that had none: until now nobody counted what was spent in it.
Result<bool> gains_window(db::Transaction& tx, const ApiKey& key) {
  if (key.budgets.empty()) return false;
  const auto stored = get_budgets(tx, key.id);
  if (!stored) return std::unexpected(stored.error());
  return !std::ranges::all_of(key.budgets, [&](const Budget& budget) {
    return std::ranges::find(*stored, budget.window, &Budget::window) != stored->end();
  });
}

Result<> sum_now(db::Transaction& tx, const ApiKey& key) {
  auto row = tx.exec("SELECT billing_time_zone, clock_timestamp() AS at FROM settings");
  if (!row) return std::unexpected(row.error());
  return sum_key_spending(tx, {key.id}, row->front().get<SystemTime>("at"),
                          row->front().get<std::string>("billing_time_zone"));
}

}  // namespace

Result<ApiKey> insert_api_key(db::Transaction& tx, const ApiKey& key) {
  if (auto ok = check_writable(key.status); !ok) return std::unexpected(ok.error());
  if (auto ok = lock_parents(tx, key); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO api_keys (id, user_id, group_id, name, public_id, last4, key_hmac, pepper_version, status, "
      "expires_at, concurrency, requests_per_minute, tokens_per_minute, allow_networks, deny_networks, models) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      key.id, key.user_id, key.group_id, key.name, key.public_id, key.last4, db::Bytes{key.key_hmac},
      key.pepper_version, name(key.status), key.expires_at, key.concurrency, key.requests_per_minute,
      key.tokens_per_minute, key.allow_networks, key.deny_networks, key.models);
  if (!rows) return std::unexpected(rows.error());
  // It has spent nothing yet, so there is nothing to sum up.
  if (auto ok = replace_budgets(tx, key); !ok) return std::unexpected(ok.error());
  return record(tx, get_api_key(tx, key.id));
}

Result<ApiKey> get_api_key(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_api_key, [&] { return not_found("API key", id); });
}

Result<Page<ApiKey>> list_api_keys(db::Transaction& tx, const PageRequest& page, const ApiKeyFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_API_KEY_COLUMNS " FROM api_keys WHERE " SLUICE_KEYSET(
                          "created_at") "AND ($4::text IS NULL OR status = $4) AND ($5 OR status <> 'deleted') "
                      "AND ($6::uuid IS NULL OR user_id = $6) AND ($7::uuid IS NULL OR group_id = $7) "
                      "AND ($8 = '' OR strpos(lower(name), lower($8)) > 0 OR public_id = $8 OR last4 = $8) "
                      SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, name_of(filter.status),
                      filter.include_deleted, filter.user_id, filter.group_id, filter.text);
  if (!rows) return std::unexpected(rows.error());
  return make_page<ApiKey>(*rows, page_size(page), read_api_key, position_by_created_at<ApiKey>);
}

Result<ApiKey> update_api_key(db::Transaction& tx, const ApiKey& key) {
  if (auto ok = check_writable(key.status); !ok) return std::unexpected(ok.error());
  auto gains = gains_window(tx, key);
  if (!gains) return std::unexpected(gains.error());
  if (*gains) {
    if (auto ok = own_key_spending(tx); !ok) return std::unexpected(ok.error());
  }
  const auto moved = moves(tx, key);
  if (!moved) return std::unexpected(moved.error());
  if (*moved) {
    if (auto ok = lock_parents(tx, key); !ok) return std::unexpected(ok.error());
  }
  auto rows = tx.exec(
      "UPDATE api_keys SET group_id = $3, name = $4, status = $5, expires_at = $6, concurrency = $7, "
      "requests_per_minute = $8, tokens_per_minute = $9, allow_networks = $10, deny_networks = $11, models = $12, "
      "revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND revision = $2 AND status <> 'deleted'",
      key.id, key.revision, key.group_id, key.name, name(key.status), key.expires_at, key.concurrency,
      key.requests_per_minute, key.tokens_per_minute, key.allow_networks, key.deny_networks, key.models);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 0) return why_unchanged(tx, "api_keys", "API key", key.id);
  if (auto ok = replace_budgets(tx, key); !ok) return std::unexpected(ok.error());
  if (*gains) {
    if (auto ok = sum_now(tx, key); !ok) return std::unexpected(ok.error());
  }
  return record(tx, get_api_key(tx, key.id));
}

Result<ApiKey> replace_api_key(db::Transaction& tx, const ApiKey& key) {
  auto rows = tx.exec(
      "UPDATE api_keys SET public_id = $3, last4 = $4, key_hmac = $5, pepper_version = $6, previous_until = $7, "
      "previous_hmac = CASE WHEN $7::timestamptz IS NULL THEN NULL ELSE key_hmac END, "
      "revision = revision + 1, updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted'",
      key.id, key.revision, key.public_id, key.last4, db::Bytes{key.key_hmac}, key.pepper_version, key.previous_until);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 0) return why_unchanged(tx, "api_keys", "API key", key.id);
  return record(tx, get_api_key(tx, key.id));
}

Result<ApiKey> delete_api_key(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE api_keys SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
      "RETURNING " SLUICE_API_KEY_COLUMNS,
      id, revision);
  return record(tx, one(rows, read_api_key, [&] { return why_unchanged(tx, "api_keys", "API key", id); }));
}

Result<> touch_api_keys(db::Transaction& tx, const std::vector<std::string>& ids) {
  auto rows = tx.exec(
      "WITH locked AS (SELECT id AS locked_id FROM api_keys WHERE id = ANY($1::uuid[]) AND status <> 'deleted' "
      "ORDER BY id FOR UPDATE) UPDATE api_keys SET revision = revision + 1 FROM locked WHERE id = locked_id "
      "RETURNING " SLUICE_API_KEY_COLUMNS,
      ids);
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows) {
    if (auto recorded = record(tx, read_api_key(row)); !recorded) return std::unexpected(recorded.error());
  }
  return {};
}

Result<> note_api_keys_used(db::Transaction& tx, const std::vector<std::string>& ids,
                            const std::vector<SystemTime>& times) {
  if (ids.size() != times.size()) return fail(ErrorCode::kInvalidArgument, "as many times as ids are needed");
  auto done = tx.exec(
      "UPDATE api_keys SET last_used_at = used.at FROM (SELECT id, max(at) AS at "
      "FROM unnest($1::uuid[], $2::timestamptz[]) AS t (id, at) GROUP BY id) AS used "
      "WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)",
      ids, times);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::store
