#include "controlplane/store/egress_proxies.h"

#include <fmt/format.h>

#include "controlplane/store/change_log.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_PROXY_COLUMNS "id, name, url, username, sealed, key_version, status, revision, created_at, updated_at"

constexpr db::Statement kGet{"get_egress_proxy", "SELECT " SLUICE_PROXY_COLUMNS " FROM egress_proxies WHERE id = $1"};

// How many accounts a refusal names.
constexpr std::size_t kNamed = 5;

EgressProxy read_proxy(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .url = row.get<std::string>("url"),
          .username = row.get<std::string>("username"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<EgressProxy> record(db::Transaction& tx, Result<EgressProxy> proxy) {
  if (!proxy) return proxy;
  auto recorded = record_change(tx, config::v1::KIND_EGRESS_PROXY, proxy->id, proxy->revision, state_of(proxy->status));
  if (!recorded) return std::unexpected(recorded.error());
  return proxy;
}

Result<> check_unused(db::Transaction& tx, std::string_view id) {
  auto rows = tx.exec(
      "SELECT a.name FROM accounts a JOIN account_egress_proxies l ON l.account_id = a.id WHERE l.proxy_id = $1 "
      "ORDER BY a.name, a.id",
      id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return {};
  std::string names;
  for (std::size_t i = 0; i < std::min(rows->size(), kNamed); ++i)
    names += (i == 0 ? "" : ", ") + (*rows)[i].get<std::string>("name");
  if (rows->size() > kNamed) names += fmt::format(" and {} more", rows->size() - kNamed);
  return fail(ErrorCode::kFailedPrecondition,
              fmt::format("the egress proxy is used by the accounts {}: take it from them first", names));
}

}  // namespace

Result<EgressProxy> insert_egress_proxy(db::Transaction& tx, const EgressProxy& proxy) {
  if (auto ok = check_writable(proxy.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO egress_proxies (id, name, url, username, sealed, key_version, status) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " SLUICE_PROXY_COLUMNS,
      proxy.id, proxy.name, proxy.url, proxy.username, db::Bytes{proxy.sealed}, proxy.key_version, name(proxy.status));
  return record(tx, one(rows, read_proxy, [&] { return not_found("egress proxy", proxy.id); }));
}

Result<EgressProxy> get_egress_proxy(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_proxy, [&] { return not_found("egress proxy", id); });
}

Result<Page<EgressProxy>> list_egress_proxies(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_PROXY_COLUMNS " FROM egress_proxies WHERE " SLUICE_KEYSET(
                          "created_at") "AND status <> 'deleted' " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<EgressProxy>(*rows, page_size(page), read_proxy, position_by_created_at<EgressProxy>);
}

Result<EgressProxy> update_egress_proxy(db::Transaction& tx, const EgressProxy& proxy) {
  if (auto ok = check_writable(proxy.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE egress_proxies SET name = $3, url = $4, username = $5, sealed = $6, key_version = $7, status = $8, "
      "revision = revision + 1, updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_PROXY_COLUMNS,
      proxy.id, proxy.revision, proxy.name, proxy.url, proxy.username, db::Bytes{proxy.sealed}, proxy.key_version,
      name(proxy.status));
  return record(tx,
                one(rows, read_proxy, [&] { return why_unchanged(tx, "egress_proxies", "egress proxy", proxy.id); }));
}

Result<EgressProxy> delete_egress_proxy(db::Transaction& tx, std::string_view id,
                                        std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE egress_proxies SET status = 'deleted', sealed = '', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
      "RETURNING " SLUICE_PROXY_COLUMNS,
      id, revision);
  auto proxy = one(rows, read_proxy, [&] { return why_unchanged(tx, "egress_proxies", "egress proxy", id); });
  if (!proxy) return proxy;
  if (auto ok = check_unused(tx, id); !ok) return std::unexpected(ok.error());
  return record(tx, proxy);
}

}  // namespace sluice::store
