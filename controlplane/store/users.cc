#include "controlplane/store/users.h"

#include "controlplane/store/change_log.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_USER_COLUMNS                                                                   \
  "id, email, display_name, role, status, concurrency, multiplier_ppm, requests_per_minute, " \
  "tokens_per_minute, lower(verified_email) = lower(email) AS email_verified, revision, created_at, updated_at"

constexpr db::Statement kGet{"get_user", "SELECT " SLUICE_USER_COLUMNS " FROM users WHERE id = $1"};

User read_user(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .email = row.get<std::string>("email"),
          .display_name = row.get<std::string>("display_name"),
          .email_verified = row.get<bool>("email_verified"),
          .role = role_of(row.get<std::string>("role")),
          .status = status_of(row.get<std::string>("status")),
          .concurrency = row.get<std::int32_t>("concurrency"),
          .multiplier_ppm = row.get<std::int64_t>("multiplier_ppm"),
          .requests_per_minute = row.get<std::int32_t>("requests_per_minute"),
          .tokens_per_minute = row.get<std::int32_t>("tokens_per_minute"),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<User> record(db::Transaction& tx, Result<User> user) {
  if (!user) return user;
  auto recorded = record_change(tx, config::v1::KIND_USER, user->id, user->revision, state_of(user->status));
  if (!recorded) return std::unexpected(recorded.error());
  return user;
}

// Rows of what the user owned are changed before anything is recorded: record_change() holds the version row.
Result<db::Rows> delete_owned(db::Transaction& tx, std::string_view user_id) {
  auto revoked =
      tx.exec("UPDATE admin_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL", user_id);
  if (!revoked) return revoked;
  return tx.exec(
      "UPDATE api_keys SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE user_id = $1 AND status <> 'deleted' RETURNING id, revision",
      user_id);
}

}  // namespace

Result<User> insert_user(db::Transaction& tx, const User& user) {
  if (auto ok = check_writable(user.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO users (id, email, display_name, role, status, concurrency, multiplier_ppm, requests_per_minute, "
      "tokens_per_minute) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING " SLUICE_USER_COLUMNS,
      user.id, user.email, user.display_name, name(user.role), name(user.status), user.concurrency, user.multiplier_ppm,
      user.requests_per_minute, user.tokens_per_minute);
  return record(tx, one(rows, read_user, [&] { return not_found("user", user.id); }));
}

Result<User> get_user(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_user, [&] { return not_found("user", id); });
}

Result<User> find_user_by_email(db::Transaction& tx, std::string_view email) {
  auto rows = tx.exec(
      "SELECT " SLUICE_USER_COLUMNS " FROM users WHERE lower(email) = lower($1) AND status <> 'deleted'", email);
  return one(rows, read_user, [] { return fail(ErrorCode::kNotFound, "no user with this e-mail address"); });
}

Result<Page<User>> list_users(db::Transaction& tx, const PageRequest& page, const UserFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows =
      tx.exec(
          "SELECT " SLUICE_USER_COLUMNS " FROM users WHERE " SLUICE_KEYSET(
              "created_at") "AND ($4::text IS NULL OR status = $4) AND ($5 OR status <> 'deleted') "
                            "AND ($6::text IS NULL OR role = $6) AND ($7 = '' OR strpos(lower(email), lower($7)) > 0 "
                            "OR strpos(lower(display_name), lower($7)) > 0) " SLUICE_KEYSET_ORDER("created_at"),
          time_of(*position), id_of(*position), page_size(page) + 1, name_of(filter.status), filter.include_deleted,
          filter.role ? std::optional(std::string(name(*filter.role))) : std::nullopt, filter.text);
  if (!rows) return std::unexpected(rows.error());
  return make_page<User>(*rows, page_size(page), read_user, position_by_created_at<User>);
}

Result<User> update_user(db::Transaction& tx, const User& user) {
  if (auto ok = check_writable(user.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE users SET email = $3, display_name = $4, role = $5, status = $6, concurrency = $7, multiplier_ppm = $8, "
      "requests_per_minute = $9, tokens_per_minute = $10, revision = revision + 1, updated_at = now() WHERE id = $1 "
      "AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_USER_COLUMNS,
      user.id, user.revision, user.email, user.display_name, name(user.role), name(user.status), user.concurrency,
      user.multiplier_ppm, user.requests_per_minute, user.tokens_per_minute);
  return record(tx, one(rows, read_user, [&] { return why_unchanged(tx, "users", "user", user.id); }));
}

Result<> mark_email_verified(db::Transaction& tx, std::string_view id, std::string_view email) {
  const auto done =
      tx.exec("UPDATE users SET verified_email = $2 WHERE id = $1 AND lower(email) = lower($2)", id, email);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<User> delete_user(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE users SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' RETURNING " SLUICE_USER_COLUMNS,
      id, revision);
  auto user = one(rows, read_user, [&] { return why_unchanged(tx, "users", "user", id); });
  if (!user) return user;
  auto keys = delete_owned(tx, id);
  if (!keys) return std::unexpected(keys.error());
  for (const db::Row key : *keys) {
    auto recorded = record_change(tx, config::v1::KIND_API_KEY, key.get<std::string>("id"),
                                  key.get<std::int64_t>("revision"), config::v1::STATE_DELETED);
    if (!recorded) return std::unexpected(recorded.error());
  }
  return record(tx, user);
}

Result<std::int64_t> touch_user(db::Transaction& tx, std::string_view user_id) {
  auto rows = tx.exec("UPDATE users SET revision = revision + 1 WHERE id = $1 RETURNING " SLUICE_USER_COLUMNS, user_id);
  auto user = record(tx, one(rows, read_user, [&] { return not_found("user", user_id); }));
  if (!user) return std::unexpected(user.error());
  return user->revision;
}

Result<> touch_users(db::Transaction& tx, const std::vector<std::string>& user_ids) {
  auto rows = tx.exec(
      "WITH locked AS (SELECT id AS locked_id FROM users WHERE id = ANY($1::uuid[]) AND status <> 'deleted' "
      "ORDER BY id FOR UPDATE) UPDATE users SET revision = revision + 1 FROM locked WHERE id = locked_id "
      "RETURNING " SLUICE_USER_COLUMNS,
      user_ids);
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows) {
    if (auto recorded = record(tx, read_user(row)); !recorded) return std::unexpected(recorded.error());
  }
  return {};
}

}  // namespace sluice::store
