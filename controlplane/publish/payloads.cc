#include "controlplane/publish/payloads.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <optional>
#include <vector>

#include "common/observe/log.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/json_columns.h"
#include "controlplane/store/price_rates.h"
#include "sluice/config/v1/resources.pb.h"

namespace sluice::publish {

using config::v1::Kind;

namespace {

void set_time(google::protobuf::Timestamp* out, SystemTime time) {
  const auto micros = time.time_since_epoch().count();
  out->set_seconds(micros / 1'000'000);
  out->set_nanos(static_cast<std::int32_t>(micros % 1'000'000 * 1'000));
}

void add_all(google::protobuf::RepeatedPtrField<std::string>* out, const std::vector<std::string>& from) {
  out->Add(from.begin(), from.end());
}

std::string user_payload(const db::Row& row) {
  config::v1::User out;
  out.set_display_name(row.get<std::string>("display_name"));
  out.set_concurrency(row.get<std::uint32_t>("concurrency"));
  out.set_multiplier_ppm(row.get<std::uint64_t>("multiplier_ppm"));
  out.set_requests_per_minute(row.get<std::uint32_t>("requests_per_minute"));
  out.set_tokens_per_minute(row.get<std::uint32_t>("tokens_per_minute"));
  const auto groups = row.get<std::vector<std::string>>("granted");
  const auto multipliers = row.get<std::vector<std::int64_t>>("granted_ppm");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    config::v1::GroupGrant& grant = *out.add_grants();
    grant.set_group_id(groups[i]);
    if (multipliers[i] >= 0) grant.set_multiplier_ppm(static_cast<std::uint64_t>(multipliers[i]));
  }
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
  out.set_concurrency(row.get<std::uint32_t>("concurrency"));
  out.set_requests_per_minute(row.get<std::uint32_t>("requests_per_minute"));
  out.set_tokens_per_minute(row.get<std::uint32_t>("tokens_per_minute"));
  const auto windows = row.get<std::vector<std::string>>("budget_windows");
  const auto limits = row.get<std::vector<std::int64_t>>("budget_limits");
  for (std::size_t i = 0; i < windows.size(); ++i) {
    config::v1::Budget& budget = *out.add_budgets();
    budget.set_window(store::pushed(store::budget_window_of(windows[i])));
    budget.set_limit_nano_usd(limits[i]);
  }
  add_all(out.mutable_allow_networks(), row.get<std::vector<std::string>>("allow_networks"));
  add_all(out.mutable_deny_networks(), row.get<std::vector<std::string>>("deny_networks"));
  add_all(out.mutable_models(), row.get<std::vector<std::string>>("models"));
  if (const auto previous = row.get<std::optional<db::Bytes>>("previous_hmac")) {
    out.set_previous_hmac(previous->value);
    set_time(out.mutable_previous_until(), row.get<SystemTime>("previous_until"));
  }
  return out.SerializeAsString();
}

// A map's entries have no order of their own.
std::string in_one_order(const google::protobuf::Message& message) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

void add_limit(const db::Row& row, const char* column, config::v1::BudgetWindow window, config::v1::Group& out) {
  const auto limit = row.get<std::optional<std::int64_t>>(column);
  if (!limit) return;
  config::v1::Budget& budget = *out.add_subscription_budgets();
  budget.set_window(window);
  budget.set_limit_nano_usd(*limit);
}

std::string group_payload(const db::Row& row) {
  config::v1::Group out;
  out.set_display_name(row.get<std::string>("name"));
  out.set_multiplier_ppm(row.get<std::uint64_t>("multiplier_ppm"));
  const bool drains =
      store::interruption_of(row.get<std::string>("interruption_policy")) == store::Interruption::kDrain;
  out.set_interruption_policy(drains ? config::v1::INTERRUPTION_POLICY_DRAIN : config::v1::INTERRUPTION_POLICY_CANCEL);
  out.set_exclusive(row.get<bool>("exclusive"));
  if (row.get<bool>("needs_subscription")) out.set_billing(config::v1::GROUP_BILLING_SUBSCRIPTION);
  add_limit(row, "day_nano_usd", config::v1::BUDGET_WINDOW_DAY, out);
  add_limit(row, "week_nano_usd", config::v1::BUDGET_WINDOW_WEEK, out);
  add_limit(row, "month_nano_usd", config::v1::BUDGET_WINDOW_MONTH, out);
  for (auto& [name, model] : store::mapping_of(row.get<std::string>("model_aliases")))
    (*out.mutable_model_aliases())[name] = model;
  for (config::v1::ModelRoute& route : store::routes_of(row.get<std::string>("model_routes")))
    *out.add_model_routes() = std::move(route);
  return in_one_order(out);
}

std::string account_payload(const db::Row& row) {
  config::v1::Account out;
  out.set_display_name(row.get<std::string>("name"));
  out.set_provider(row.get<std::string>("provider"));
  out.set_base_url(row.get<std::string>("base_url"));
  add_all(out.mutable_group_ids(), row.get<std::vector<std::string>>("group_ids"));
  out.set_concurrency(row.get<std::uint32_t>("concurrency"));
  out.set_priority(row.get<std::int32_t>("priority"));
  out.set_weight(row.get<std::uint32_t>("weight"));
  add_all(out.mutable_models(), row.get<std::vector<std::string>>("models"));
  out.set_ca_pem(row.get<std::string>("ca_pem"));
  for (config::v1::PauseRule& rule : store::rules_of(row.get<std::string>("pause_rules")))
    *out.add_pause_rules() = std::move(rule);
  add_all(out.mutable_egress_proxy_ids(), row.get<std::vector<std::string>>("egress_proxy_ids"));
  for (auto& [from, to] : store::mapping_of(row.get<std::string>("model_mapping")))
    (*out.mutable_model_mapping())[from] = to;
  return in_one_order(out);
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

// As with a credential: without its password the proxy is refused by the nodes, and they keep what they had.
std::string proxy_payload(const db::Row& row, const crypto::Vault& vault) {
  config::v1::EgressProxy out;
  out.set_url(row.get<std::string>("url"));
  out.set_username(row.get<std::string>("username"));
  if (out.username().empty()) return out.SerializeAsString();
  const auto id = row.get<std::string>("id");
  const Result<Secret> password = vault.open("egress_proxies|" + id + "|sealed", row.get<db::Bytes>("sealed").value);
  if (!password) {
    observe::log(observe::Level::kError, "egress_proxy_cannot_be_opened",
                 {{"egress_proxy_id", id}, {"reason", password.error().message}});
    return {};
  }
  out.set_password(std::string(password->reveal()));
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
  for (const store::PriceTier& tier : store::tiers_of(row.get<std::string>("tiers"))) {
    config::v1::PriceTier& into = *out.add_tiers();
    into.set_above_tokens(tier.above_tokens);
    into.set_input(tier.rates.input);
    into.set_output(tier.rates.output);
    into.set_cache_read(tier.rates.cache_read);
    into.set_cache_write_5m(tier.rates.cache_write_5m);
    into.set_cache_write_1h(tier.rates.cache_write_1h);
  }
  return out.SerializeAsString();
}

}  // namespace

std::string payload_of(Kind kind, const db::Row& row, const crypto::Vault& vault) {
  switch (kind) {
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
    case config::v1::KIND_EGRESS_PROXY:
      return proxy_payload(row, vault);
    default:
      return price_payload(row);
  }
}

std::string subscriptions_payload(std::span<const store::UsableSubscription> subscriptions) {
  config::v1::User out;
  for (const store::UsableSubscription& one : subscriptions) {
    config::v1::Subscription& into = *out.add_subscriptions();
    into.set_id(one.id);
    into.set_group_id(one.group_id);
    set_time(into.mutable_starts_at(), one.starts_at);
    set_time(into.mutable_expires_at(), one.expires_at);
    for (const store::Budget& budget : one.budgets) {
      config::v1::Budget& limit = *into.add_budgets();
      limit.set_window(store::pushed(budget.window));
      limit.set_limit_nano_usd(budget.limit_nano_usd);
    }
  }
  return out.SerializeAsString();
}

std::string user_moment(const db::Row& row, std::span<const store::UsableSubscription> subscriptions) {
  config::v1::User out;
  for (const store::UsableSubscription& one : subscriptions) {
    if (one.spending.empty()) continue;
    config::v1::SubscriptionSpending& spending = *out.add_subscription_spending();
    spending.set_subscription_id(one.id);
    for (const store::SubscriptionSpending& spent : one.spending) {
      config::v1::Spending& into = *spending.add_spending();
      into.set_window_id(spent.window_id);
      into.set_spent_nano_usd(spent.spent_nano_usd);
      into.set_version(static_cast<std::uint64_t>(spent.version));
    }
  }
  out.set_balance_nano_usd(row.get<std::int64_t>("balance"));
  out.set_balance_version(row.get<std::uint64_t>("balance_version"));
  return out.SerializeAsString();
}

std::string key_moment(std::span<const store::KeySpending> spending) {
  config::v1::ApiKey out;
  for (const store::KeySpending& one : spending) {
    config::v1::Spending& spent = *out.add_spending();
    spent.set_window_id(one.window_id);
    spent.set_spent_nano_usd(one.spent_nano_usd);
    spent.set_version(static_cast<std::uint64_t>(one.version));
  }
  return out.SerializeAsString();
}

}  // namespace sluice::publish
