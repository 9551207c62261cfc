#include "controlplane/store/accounts.h"

#include <fmt/format.h>

#include "controlplane/store/change_log.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/group_platforms.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_ACCOUNT_COLUMNS                                                                                      \
  "id, name, provider, base_url, priority, concurrency, models, ca_pem, status, revision, created_at, updated_at, " \
  "model_mapping, pause_rules, weight, hybrid, tags, note, "                                                        \
  "ARRAY(SELECT group_id::text FROM account_groups WHERE account_id = accounts.id ORDER BY 1) AS group_ids, "       \
  "ARRAY(SELECT proxy_id::text FROM account_egress_proxies WHERE account_id = accounts.id ORDER BY position) "      \
  "AS egress_proxy_ids"

constexpr db::Statement kGet{"get_account", "SELECT " SLUICE_ACCOUNT_COLUMNS " FROM accounts WHERE id = $1"};

Account read_account(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .provider = row.get<std::string>("provider"),
          .base_url = row.get<std::string>("base_url"),
          .priority = row.get<std::int32_t>("priority"),
          .concurrency = row.get<std::int32_t>("concurrency"),
          .weight = row.get<std::int32_t>("weight"),
          .hybrid = row.get<bool>("hybrid"),
          .tags = row.get<std::vector<std::string>>("tags"),
          .note = row.get<std::string>("note"),
          .models = row.get<std::vector<std::string>>("models"),
          .model_mapping = mapping_of(row.get<std::string>("model_mapping")),
          .pause_rules = rules_of(row.get<std::string>("pause_rules")),
          .egress_proxy_ids = row.get<std::vector<std::string>>("egress_proxy_ids"),
          .ca_pem = row.get<std::string>("ca_pem"),
          .status = status_of(row.get<std::string>("status")),
          .group_ids = row.get<std::vector<std::string>>("group_ids"),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<Account> record(db::Transaction& tx, Result<Account> account) {
  if (!account) return account;
  auto recorded =
      record_change(tx, config::v1::KIND_ACCOUNT, account->id, account->revision, state_of(account->status));
  if (!recorded) return std::unexpected(recorded.error());
  return account;
}

std::vector<std::string> without_repeats(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

// Groups before accounts, as in delete_group(), which then cannot miss the new link nor deadlock with this.
Result<> lock_groups(db::Transaction& tx, const Account& account, const std::vector<std::string>& ids) {
  auto groups = tx.exec("SELECT name, " SLUICE_MAY_JOIN("$2::text", "$3", "platforms") " AS fits FROM groups "
                        "WHERE id = ANY($1::uuid[]) AND status <> 'deleted' ORDER BY id FOR SHARE",
                        ids, account.provider, account.hybrid);
  if (!groups) return std::unexpected(groups.error());
  if (groups->size() != ids.size()) {
    return fail(ErrorCode::kFailedPrecondition, "the account names a group that does not exist");
  }
  for (const db::Row group : *groups) {
    if (group.get<bool>("fits")) continue;
    return fail(ErrorCode::kFailedPrecondition, fmt::format("group_ids: the group {} does not take accounts of {}",
                                                            group.get<std::string>("name"), account.provider));
  }
  return {};
}

// The same for proxies and delete_egress_proxy().
Result<> lock_proxies(db::Transaction& tx, const std::vector<std::string>& ids) {
  auto proxies = tx.exec(
      "SELECT id FROM egress_proxies WHERE id = ANY($1::uuid[]) AND status <> 'deleted' ORDER BY id FOR SHARE", ids);
  if (!proxies) return std::unexpected(proxies.error());
  if (proxies->size() == ids.size()) return {};
  return fail(ErrorCode::kFailedPrecondition, "the account names an egress proxy that does not exist, or one twice");
}

Result<> replace_proxies(db::Transaction& tx, std::string_view account_id, const std::vector<std::string>& ids) {
  auto removed = tx.exec("DELETE FROM account_egress_proxies WHERE account_id = $1", account_id);
  if (!removed) return std::unexpected(removed.error());
  auto added = tx.exec(
      "INSERT INTO account_egress_proxies (account_id, proxy_id, position) "
      "SELECT $1, id, position FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, position)",
      account_id, ids);
  if (!added) return std::unexpected(added.error());
  return {};
}

Result<> replace_links(db::Transaction& tx, std::string_view account_id, const std::vector<std::string>& group_ids) {
  auto removed = tx.exec("DELETE FROM account_groups WHERE account_id = $1 AND group_id <> ALL($2::uuid[])", account_id,
                         group_ids);
  if (!removed) return std::unexpected(removed.error());
  auto added =
      tx.exec("INSERT INTO account_groups (account_id, group_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING",
              account_id, group_ids);
  if (!added) return std::unexpected(added.error());
  return {};
}

// After the row itself was written.
Result<Account> finish(db::Transaction& tx, const Account& account, const std::vector<std::string>& group_ids) {
  if (auto ok = replace_links(tx, account.id, group_ids); !ok) return std::unexpected(ok.error());
  if (auto ok = replace_proxies(tx, account.id, account.egress_proxy_ids); !ok) return std::unexpected(ok.error());
  return record(tx, get_account(tx, account.id));
}

}  // namespace

Result<Account> insert_account(db::Transaction& tx, const Account& account) {
  if (auto ok = check_writable(account.status); !ok) return std::unexpected(ok.error());
  const auto group_ids = without_repeats(account.group_ids);
  if (auto ok = lock_groups(tx, account, group_ids); !ok) return std::unexpected(ok.error());
  if (auto ok = lock_proxies(tx, account.egress_proxy_ids); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO accounts (id, name, provider, base_url, priority, concurrency, models, ca_pem, status, "
      "model_mapping, pause_rules, weight, hybrid, tags, note) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      account.id, account.name, account.provider, account.base_url, account.priority, account.concurrency,
      account.models, account.ca_pem, name(account.status), to_json(account.model_mapping),
      to_json(account.pause_rules), account.weight, account.hybrid, account.tags, account.note);
  if (!rows) return std::unexpected(rows.error());
  return finish(tx, account, group_ids);
}

Result<Account> get_account(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_account, [&] { return not_found("account", id); });
}

Result<Page<Account>> list_accounts(db::Transaction& tx, const PageRequest& page, const AccountFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_ACCOUNT_COLUMNS " FROM accounts WHERE " SLUICE_KEYSET(
                          "created_at") "AND ($4::text IS NULL OR status = $4) AND ($5 OR status <> 'deleted') "
                      "AND ($6::uuid IS NULL OR EXISTS (SELECT FROM account_groups WHERE account_id = accounts.id "
                      "AND group_id = $6)) AND ($7::text IS NULL OR provider = $7) "
                      "AND ($8::text IS NULL OR tags @> ARRAY[$8]) "
                      "AND ($9 = '' OR strpos(lower(name), lower($9)) > 0) " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, name_of(filter.status),
                      filter.include_deleted, filter.group_id, filter.provider, filter.tag, filter.text);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Account>(*rows, page_size(page), read_account, position_by_created_at<Account>);
}

Result<Account> update_account(db::Transaction& tx, const Account& account) {
  if (auto ok = check_writable(account.status); !ok) return std::unexpected(ok.error());
  const auto group_ids = without_repeats(account.group_ids);
  if (auto ok = lock_groups(tx, account, group_ids); !ok) return std::unexpected(ok.error());
  if (auto ok = lock_proxies(tx, account.egress_proxy_ids); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE accounts SET name = $3, provider = $4, base_url = $5, priority = $6, concurrency = $7, models = $8, "
      "ca_pem = $9, status = $10, model_mapping = $11, pause_rules = $12, weight = $13, hybrid = $14, tags = $15, "
      "note = $16, revision = revision + 1, updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted'",
      account.id, account.revision, account.name, account.provider, account.base_url, account.priority,
      account.concurrency, account.models, account.ca_pem, name(account.status), to_json(account.model_mapping),
      to_json(account.pause_rules), account.weight, account.hybrid, account.tags, account.note);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 0) return why_unchanged(tx, "accounts", "account", account.id);
  return finish(tx, account, group_ids);
}

Result<Account> delete_account(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE accounts SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted'",
      id, revision);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 0) return why_unchanged(tx, "accounts", "account", id);
  if (auto ok = replace_links(tx, id, {}); !ok) return std::unexpected(ok.error());
  if (auto ok = replace_proxies(tx, id, {}); !ok) return std::unexpected(ok.error());
  auto credential = delete_credential(tx, id);
  if (!credential && credential.error().code != ErrorCode::kNotFound) return std::unexpected(credential.error());
  return record(tx, get_account(tx, id));
}

}  // namespace sluice::store
