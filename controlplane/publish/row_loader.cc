#include "controlplane/publish/row_loader.h"

#include <map>
#include <optional>
#include <set>

#include "common/observe/log.h"
#include "common/resource/validate.h"
#include "controlplane/store/enums.h"

namespace sluice::publish {

using config::v1::Kind;
using config::v1::Resource;

namespace {

// Every query takes the wanted ids as $1, or NULL for all that are live.
constexpr std::string_view kSettings =
    "SELECT id, revision, 'active' AS status, max_body_bytes, keepalive_seconds, default_user_concurrency "
    "FROM settings WHERE $1::text[] IS NULL OR id = ANY($1::text[])";
constexpr std::string_view kUsers =
    "SELECT u.id, u.revision, u.status, u.display_name, u.concurrency, u.multiplier_ppm, "
    "COALESCE(w.balance_nano_usd, 0) AS balance, COALESCE(w.version, 0) AS balance_version "
    "FROM users u LEFT JOIN wallets w ON w.user_id = u.id "
    "WHERE CASE WHEN $1::text[] IS NULL THEN u.status <> 'deleted' ELSE u.id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kKeys =
    "SELECT id, revision, status, user_id, group_id, key_hmac, pepper_version, expires_at FROM api_keys "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kGroups =
    "SELECT id, revision, status, name, multiplier_ppm, interruption_policy FROM groups "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kAccounts =
    "SELECT a.id, a.revision, a.status, a.name, a.provider, a.base_url, a.priority, a.concurrency, a.models, a.ca_pem, "
    "ARRAY(SELECT g.group_id::text FROM account_groups g WHERE g.account_id = a.id ORDER BY 1) AS group_ids "
    "FROM accounts a "
    "WHERE CASE WHEN $1::text[] IS NULL THEN a.status <> 'deleted' ELSE a.id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kCredentials =
    "SELECT account_id AS id, revision, status, kind, sealed, expires_at, bound_hosts FROM account_credentials "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE account_id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kPrices =
    "SELECT id, revision, status, model, display_name, provider, effective_at, input, output, cache_read, "
    "cache_write_5m, cache_write_1h, per_request FROM prices "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";

void set_time(google::protobuf::Timestamp* out, SystemTime time) {
  const auto micros = time.time_since_epoch().count();
  out->set_seconds(micros / 1'000'000);
  out->set_nanos(static_cast<std::int32_t>(micros % 1'000'000 * 1'000));
}

void add_all(google::protobuf::RepeatedPtrField<std::string>* out, const std::vector<std::string>& from) {
  out->Add(from.begin(), from.end());
}

std::string settings_payload(const db::Row& row) {
  config::v1::Settings out;
  out.set_max_body_bytes(row.get<std::uint64_t>("max_body_bytes"));
  out.set_keepalive_seconds(row.get<std::uint32_t>("keepalive_seconds"));
  out.set_default_user_concurrency(row.get<std::uint32_t>("default_user_concurrency"));
  return out.SerializeAsString();
}

std::string user_payload(const db::Row& row) {
  config::v1::User out;
  out.set_display_name(row.get<std::string>("display_name"));
  out.set_concurrency(row.get<std::uint32_t>("concurrency"));
  out.set_multiplier_ppm(row.get<std::uint64_t>("multiplier_ppm"));
  return out.SerializeAsString();
}

std::string user_moment(const db::Row& row) {
  config::v1::User out;
  out.set_balance_nano_usd(row.get<std::int64_t>("balance"));
  out.set_balance_version(row.get<std::uint64_t>("balance_version"));
  return out.SerializeAsString();
}

std::string key_payload(const db::Row& row) {
  config::v1::ApiKey out;
  out.set_user_id(row.get<std::string>("user_id"));
  out.set_group_id(row.get<std::string>("group_id"));
  out.set_key_hmac(row.get<db::Bytes>("key_hmac").value);
  out.set_pepper_version(row.get<std::uint32_t>("pepper_version"));
  if (const auto expires = row.get<std::optional<SystemTime>>("expires_at")) {
    set_time(out.mutable_expires_at(), *expires);
  }
  return out.SerializeAsString();
}

std::string group_payload(const db::Row& row) {
  config::v1::Group out;
  out.set_display_name(row.get<std::string>("name"));
  out.set_multiplier_ppm(row.get<std::uint64_t>("multiplier_ppm"));
  const bool drains =
      store::interruption_of(row.get<std::string>("interruption_policy")) == store::Interruption::kDrain;
  out.set_interruption_policy(drains ? config::v1::INTERRUPTION_POLICY_DRAIN : config::v1::INTERRUPTION_POLICY_CANCEL);
  return out.SerializeAsString();
}

std::string account_payload(const db::Row& row) {
  config::v1::Account out;
  out.set_display_name(row.get<std::string>("name"));
  out.set_provider(row.get<std::string>("provider"));
  out.set_base_url(row.get<std::string>("base_url"));
  add_all(out.mutable_group_ids(), row.get<std::vector<std::string>>("group_ids"));
  out.set_concurrency(row.get<std::uint32_t>("concurrency"));
  out.set_priority(row.get<std::int32_t>("priority"));
  add_all(out.mutable_models(), row.get<std::vector<std::string>>("models"));
  out.set_ca_pem(row.get<std::string>("ca_pem"));
  return out.SerializeAsString();
}

// A credential that cannot be opened goes out empty: the nodes refuse it alone, keep the last good one, and say so.
std::string credential_payload(const db::Row& row, const crypto::Vault& vault) {
  const auto id = row.get<std::string>("id");
  const Result<Secret> secret = vault.open("account_credentials|" + id + "|sealed", row.get<db::Bytes>("sealed").value);
  if (!secret) {
    observe::log(observe::Level::kError, "credential_cannot_be_opened",
                 {{"account_id", id}, {"reason", secret.error().message}});
    return {};
  }
  config::v1::Credential out;
  const bool is_key = store::credential_kind_of(row.get<std::string>("kind")) == store::CredentialKind::kApiKey;
  out.set_kind(is_key ? config::v1::CREDENTIAL_KIND_API_KEY : config::v1::CREDENTIAL_KIND_ACCESS_TOKEN);
  out.set_secret(std::string(secret->reveal()));
  if (const auto expires = row.get<std::optional<SystemTime>>("expires_at")) {
    set_time(out.mutable_expires_at(), *expires);
  }
  add_all(out.mutable_bound_hosts(), row.get<std::vector<std::string>>("bound_hosts"));
  return out.SerializeAsString();
}

std::string price_payload(const db::Row& row) {
  config::v1::Price out;
  out.set_model(row.get<std::string>("model"));
  out.set_display_name(row.get<std::string>("display_name"));
  out.set_provider(row.get<std::string>("provider"));
  set_time(out.mutable_effective_at(), row.get<SystemTime>("effective_at"));
  out.set_input(row.get<std::int64_t>("input"));
  out.set_output(row.get<std::int64_t>("output"));
  out.set_cache_read(row.get<std::int64_t>("cache_read"));
  out.set_cache_write_5m(row.get<std::int64_t>("cache_write_5m"));
  out.set_cache_write_1h(row.get<std::int64_t>("cache_write_1h"));
  out.set_per_request(row.get<std::int64_t>("per_request"));
  return out.SerializeAsString();
}

std::string_view query_of(Kind kind) {
  switch (kind) {
    case config::v1::KIND_SETTINGS:
      return kSettings;
    case config::v1::KIND_USER:
      return kUsers;
    case config::v1::KIND_API_KEY:
      return kKeys;
    case config::v1::KIND_GROUP:
      return kGroups;
    case config::v1::KIND_ACCOUNT:
      return kAccounts;
    case config::v1::KIND_CREDENTIAL:
      return kCredentials;
    case config::v1::KIND_PRICE:
      return kPrices;
    default:
      return {};
  }
}

std::string payload_of(Kind kind, const db::Row& row, const crypto::Vault& vault) {
  switch (kind) {
    case config::v1::KIND_SETTINGS:
      return settings_payload(row);
    case config::v1::KIND_USER:
      return user_payload(row);
    case config::v1::KIND_API_KEY:
      return key_payload(row);
    case config::v1::KIND_GROUP:
      return group_payload(row);
    case config::v1::KIND_ACCOUNT:
      return account_payload(row);
    case config::v1::KIND_CREDENTIAL:
      return credential_payload(row, vault);
    default:
      return price_payload(row);
  }
}

Result<> load_kind(db::Transaction& tx, const crypto::Vault& vault, Kind kind,
                   const std::optional<std::vector<std::string>>& ids, std::vector<Resource>& out) {
  const std::string_view query = query_of(kind);
  if (query.empty()) return {};
  const Result<db::Rows> rows = tx.exec(query, ids);
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows) {
    Resource& resource = out.emplace_back();
    resource.set_kind(kind);
    resource.set_id(row.get<std::string>("id"));
    resource.set_revision(row.get<std::uint64_t>("revision"));
    resource.set_state(store::state_of(store::status_of(row.get<std::string>("status"))));
    if (resource.state() == config::v1::STATE_DELETED) continue;
    resource.set_payload(payload_of(kind, row, vault));
    if (kind == config::v1::KIND_USER) resource.set_moment(user_moment(row));
  }
  return {};
}

}  // namespace

Result<std::vector<Resource>> load_all(db::Transaction& tx, const crypto::Vault& vault) {
  std::vector<Resource> out;
  for (int kind = config::v1::Kind_MIN; kind <= config::v1::Kind_MAX; ++kind) {
    const Result<> loaded = load_kind(tx, vault, static_cast<Kind>(kind), std::nullopt, out);
    if (!loaded) return std::unexpected(loaded.error());
  }
  return out;
}

Result<std::vector<Resource>> load_changed(db::Transaction& tx, const crypto::Vault& vault,
                                           const std::vector<store::Change>& changes) {
  std::map<Kind, std::set<std::string>> wanted;
  for (const store::Change& change : changes)
    wanted[change.kind].insert(change.object_id);
  std::vector<Resource> out;
  for (const auto& [kind, ids] : wanted) {
    const Result<> loaded = load_kind(tx, vault, kind, std::vector<std::string>(ids.begin(), ids.end()), out);
    if (!loaded) return std::unexpected(loaded.error());
  }
  return out;
}

}  // namespace sluice::publish
