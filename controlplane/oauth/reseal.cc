#include "controlplane/oauth/reseal.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "common/observe/log.h"
#include "controlplane/db/transaction.h"

namespace sluice::oauth {

namespace {

constexpr std::array kTables{SealedTable{"account_credentials", "account_id"},
                             SealedTable{"egress_proxies", "id"},
                             SealedTable{"oauth_clients", "id"},
                             SealedTable{"oauth_logins", "id"},
                             SealedTable{"oauth_grants", "account_id"},
                             SealedTable{"idempotency_keys", "id"},
                             SealedTable{"alert_webhooks", "id"},
                             SealedTable{"user_totp", "user_id"},
                             SealedTable{"certificate_authorities", "id"},
                             SealedTable{"oidc_providers", "id"},
                             SealedTable{"oidc_logins", "id"},
                             SealedTable{"mail_settings", "id"},
                             SealedTable{"mails", "id"},
                             SealedTable{"sign_in_settings", "id"}};

struct Batch {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::string last;  // empty: there were no more
};

// The rows are locked until the batch is written, so that no newer secret is overwritten by an older one.
Result<Batch> reseal_batch(db::Transaction& tx, const crypto::Vault& vault, const SealedTable& table,
                           const std::string& after, int size) {
  const auto newest = static_cast<std::int32_t>(vault.newest_version());
  auto rows = tx.exec(fmt::format("SELECT {0}::text AS id, sealed FROM {1} WHERE {0} > $1::uuid AND key_version < $2 "
                                  "AND length(sealed) > 0 ORDER BY {0} LIMIT $3 FOR UPDATE",
                                  table.id_column, table.table),
                      after, newest, size);
  if (!rows) return std::unexpected(rows.error());
  Batch batch;
  for (const db::Row row : *rows) {
    batch.last = row.get<std::string>("id");
    const std::string context = fmt::format("{}|{}|sealed", table.table, batch.last);
    const auto opened = vault.open(context, row.get<db::Bytes>("sealed").value);
    if (!opened) {
      ++batch.failed;
      observe::log(observe::Level::kError, "reseal_failed",
                   {{"table", table.table}, {"id", batch.last}, {"cause", opened.error().message}});
      continue;
    }
    auto written =
        tx.exec(fmt::format("UPDATE {} SET sealed = $2, key_version = $3 WHERE {} = $1", table.table, table.id_column),
                batch.last, db::Bytes{vault.seal(context, *opened)}, newest);
    if (!written) return std::unexpected(written.error());
    ++batch.done;
  }
  return batch;
}

}  // namespace

std::span<const SealedTable> sealed_tables() {
  return kTables;
}

Result<Resealed> reseal_all(db::Pool& pool, const crypto::Vault& vault, int batch_size) {
  Resealed all;
  for (const SealedTable& table : sealed_tables()) {
    std::string after = "00000000-0000-0000-0000-000000000000";
    for (;;) {
      auto batch = db::in_transaction(
          pool, [&](db::Transaction& tx) { return reseal_batch(tx, vault, table, after, batch_size); });
      if (!batch) return fail(table.table, batch.error());
      all.done += batch->done;
      all.failed += batch->failed;
      if (batch->last.empty()) break;
      after = batch->last;
    }
  }
  return all;
}

}  // namespace sluice::oauth
