#include "controlplane/publish/row_loader.h"

#include <map>
#include <optional>
#include <set>

#include "controlplane/publish/payloads.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/key_spending.h"
#include "controlplane/store/settings.h"
#include "controlplane/store/subscription_spending.h"

namespace sluice::publish {

using config::v1::Kind;
using config::v1::Resource;

namespace {

// Every query takes the wanted ids as $1, or NULL for all that are live.
constexpr std::string_view kUsers =
    "SELECT u.id, u.revision, u.status, u.display_name, u.concurrency, u.multiplier_ppm, "
    "u.requests_per_minute, u.tokens_per_minute, "
    "COALESCE(w.balance_nano_usd, 0) AS balance, COALESCE(w.version, 0) AS balance_version, "
    "ARRAY(SELECT group_id::text FROM group_grants WHERE user_id = u.id ORDER BY 1) AS granted, "
    "ARRAY(SELECT COALESCE(multiplier_ppm, -1) FROM group_grants WHERE user_id = u.id ORDER BY group_id::text) "
    "AS granted_ppm "
    "FROM users u LEFT JOIN wallets w ON w.user_id = u.id "
    "WHERE CASE WHEN $1::text[] IS NULL THEN u.status <> 'deleted' ELSE u.id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kKeys =
    "SELECT id, revision, status, user_id, group_id, key_hmac, pepper_version, expires_at, concurrency, "
    "requests_per_minute, tokens_per_minute, allow_networks, deny_networks, models, previous_hmac, previous_until, "
    "ARRAY(SELECT budget_window FROM api_key_budgets WHERE api_key_id = api_keys.id ORDER BY 1) AS budget_windows, "
    "ARRAY(SELECT limit_nano_usd FROM api_key_budgets WHERE api_key_id = api_keys.id ORDER BY budget_window) AS "
    "budget_limits "
    "FROM api_keys "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kGroups =
    "SELECT id, revision, status, name, multiplier_ppm, interruption_policy, exclusive, needs_subscription, "
    "day_nano_usd, week_nano_usd, month_nano_usd, model_aliases, model_routes FROM groups "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kAccounts =
    "SELECT a.id, a.revision, a.status, a.name, a.provider, a.base_url, a.priority, a.concurrency, a.models, a.ca_pem, "
    "a.weight, a.model_mapping, a.pause_rules, ARRAY(SELECT p.proxy_id::text FROM account_egress_proxies p "
    "WHERE p.account_id = a.id ORDER BY p.position) AS egress_proxy_ids, "
    "ARRAY(SELECT g.group_id::text FROM account_groups g WHERE g.account_id = a.id ORDER BY 1) AS group_ids "
    "FROM accounts a "
    "WHERE CASE WHEN $1::text[] IS NULL THEN a.status <> 'deleted' ELSE a.id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kCredentials =
    "SELECT account_id AS id, revision, status, kind, sealed, expires_at, bound_hosts FROM account_credentials "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE account_id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kProxies =
    "SELECT id, revision, status, url, username, sealed FROM egress_proxies "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";
constexpr std::string_view kPrices =
    "SELECT id, revision, status, model, display_name, provider, effective_at, input, output, cache_read, "
    "cache_write_5m, cache_write_1h, per_request, tiers FROM prices "
    "WHERE CASE WHEN $1::text[] IS NULL THEN status <> 'deleted' ELSE id = ANY($1::text[]::uuid[]) END";

std::string_view query_of(Kind kind) {
  switch (kind) {
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
    case config::v1::KIND_EGRESS_PROXY:
      return kProxies;
    case config::v1::KIND_PRICE:
      return kPrices;
    default:
      return {};
  }
}

using Ids = std::optional<std::vector<std::string>>;

// What keys have spent, by key. Each key's windows lie together.
using Spending = std::map<std::string, std::vector<store::KeySpending>, std::less<>>;
// By user.
using Subscriptions = std::map<std::string, std::vector<store::UsableSubscription>, std::less<>>;

class Loader {
 public:
  Loader(db::Transaction& tx, const crypto::Vault& vault, SystemTime now) : tx_(tx), vault_(vault), now_(now) {}

  Result<> load(Kind kind, const Ids& ids) {
    if (kind == config::v1::KIND_SETTINGS) return load_settings();
    const std::string_view query = query_of(kind);
    if (query.empty()) return {};
    Spending spending;
    if (kind == config::v1::KIND_API_KEY) {
      if (Result<> read = read_spending(ids, spending); !read) return read;
    }
    Subscriptions subscriptions;
    if (kind == config::v1::KIND_USER) {
      if (Result<> read = read_subscriptions(ids, subscriptions); !read) return read;
    }
    const Result<db::Rows> rows = tx_.exec(query, ids);
    if (!rows) return std::unexpected(rows.error());
    for (const db::Row row : *rows)
      add(kind, row, spending, subscriptions);
    return {};
  }
  [[nodiscard]] std::vector<Resource> take() { return std::move(out_); }

 private:
  Result<> load_settings() {
    const Result<store::Settings> settings = store::get_settings(tx_);
    if (!settings) return std::unexpected(settings.error());
    Resource& resource = out_.emplace_back();
    resource.set_kind(config::v1::KIND_SETTINGS);
    resource.set_id(std::string(store::kSettingsId));
    resource.set_revision(static_cast<std::uint64_t>(settings->revision));
    resource.set_state(config::v1::STATE_ACTIVE);
    resource.set_payload(settings->value.SerializeAsString());
    return {};
  }

  Result<> read_spending(const Ids& ids, Spending& out) {
    const Result<store::Settings> settings = store::get_settings(tx_);
    if (!settings) return std::unexpected(settings.error());
    Result<std::vector<store::KeySpending>> all =
        store::current_spending(tx_, ids, now_, settings->value.billing_time_zone());
    if (!all) return std::unexpected(all.error());
    for (store::KeySpending& one : *all)
      out[one.api_key_id].push_back(std::move(one));
    return {};
  }

  Result<> read_subscriptions(const Ids& ids, Subscriptions& out) {
    const Result<store::Settings> settings = store::get_settings(tx_);
    if (!settings) return std::unexpected(settings.error());
    Result<std::vector<store::UsableSubscription>> all =
        store::usable_subscriptions(tx_, ids, now_, settings->value.billing_time_zone());
    if (!all) return std::unexpected(all.error());
    for (store::UsableSubscription& one : *all)
      out[one.user_id].push_back(std::move(one));
    return {};
  }

  void add(Kind kind, const db::Row& row, const Spending& spending, const Subscriptions& subscriptions) {
    Resource& resource = out_.emplace_back();
    resource.set_kind(kind);
    resource.set_id(row.get<std::string>("id"));
    resource.set_revision(row.get<std::uint64_t>("revision"));
    resource.set_state(store::state_of(store::status_of(row.get<std::string>("status"))));
    if (resource.state() == config::v1::STATE_DELETED) return;
    resource.set_payload(payload_of(kind, row, vault_));
    if (kind == config::v1::KIND_USER) {
      const auto found = subscriptions.find(resource.id());
      const std::span<const store::UsableSubscription> own =
          found == subscriptions.end() ? std::span<const store::UsableSubscription>() : found->second;
      *resource.mutable_payload() += subscriptions_payload(own);
      resource.set_moment(user_moment(row, own));
    }
    if (const auto spent = spending.find(resource.id()); spent != spending.end()) {
      resource.set_moment(key_moment(spent->second));
    }
  }

  db::Transaction& tx_;
  const crypto::Vault& vault_;
  SystemTime now_;
  std::vector<Resource> out_;
};

}  // namespace

Result<std::vector<Resource>> load_all(db::Transaction& tx, const crypto::Vault& vault, SystemTime now) {
  Loader loader(tx, vault, now);
  for (int kind = config::v1::Kind_MIN; kind <= config::v1::Kind_MAX; ++kind) {
    if (const Result<> loaded = loader.load(static_cast<Kind>(kind), std::nullopt); !loaded) {
      return std::unexpected(loaded.error());
    }
  }
  return loader.take();
}

Result<std::vector<Resource>> load_changed(db::Transaction& tx, const crypto::Vault& vault,
                                           const std::vector<store::Change>& changes, SystemTime now) {
  std::map<Kind, std::set<std::string>> wanted;
  for (const store::Change& change : changes)
    wanted[change.kind].insert(change.object_id);
  Loader loader(tx, vault, now);
  for (const auto& [kind, ids] : wanted) {
    const Result<> loaded = loader.load(kind, std::vector<std::string>(ids.begin(), ids.end()));
    if (!loaded) return std::unexpected(loaded.error());
  }
  return loader.take();
}

}  // namespace sluice::publish
