#include "dataplane/snapshot/make_entry.h"

#include <algorithm>
#include <cstdlib>

namespace sluice::snapshot {

namespace {

SystemTime time_of(const google::protobuf::Timestamp& value) {
  return SystemTime(std::chrono::seconds(value.seconds()) +
                    std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(value.nanos())));
}

// The bytes of a decoded field are in the payload as they are: viewing them there keeps a key row small.
std::string_view view_in(const std::string& payload, const std::string& field) {
  const std::size_t at = payload.find(field);
  if (at == std::string::npos) std::abort();
  return std::string_view(payload).substr(at, field.size());
}

std::vector<std::string> strings(google::protobuf::RepeatedPtrField<std::string>* from) {
  return {std::make_move_iterator(from->begin()), std::make_move_iterator(from->end())};
}

// Keywords are ASCII in practice; other letters match only as they are written.
PauseRule pause_rule(const config::v1::PauseRule& rule) {
  PauseRule out{.status = rule.status(), .keywords = {}, .pause = std::chrono::minutes(rule.minutes())};
  for (std::string word : rule.keywords()) {
    for (char& c : word) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    out.keywords.push_back(std::move(word));
  }
  return out;
}

// What was checked before parses.
std::vector<Network> networks(const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::vector<Network> out;
  for (const std::string& text : from)
    out.push_back(parse_network(text).value());
  return out;
}

std::unique_ptr<const KeyRules> key_rules(config::v1::ApiKey& message) {
  if (message.allow_networks().empty() && message.deny_networks().empty() && message.models().empty() &&
      message.previous_hmac().empty()) {
    return nullptr;
  }
  return std::make_unique<const KeyRules>(KeyRules{.allow_networks = networks(message.allow_networks()),
                                                   .deny_networks = networks(message.deny_networks()),
                                                   .models = strings(message.mutable_models()),
                                                   .previous_hmac = std::move(*message.mutable_previous_hmac()),
                                                   .previous_until = time_of(message.previous_until())});
}

std::vector<BudgetEntry> budget_entries(const google::protobuf::RepeatedPtrField<config::v1::Budget>& budgets) {
  std::vector<BudgetEntry> out;
  for (const config::v1::Budget& budget : budgets)
    out.push_back({.window = budget.window(), .limit_nano_usd = budget.limit_nano_usd()});
  return out;
}

std::vector<SpendingEntry> spending_entries(const google::protobuf::RepeatedPtrField<config::v1::Spending>& spending) {
  std::vector<SpendingEntry> out;
  for (const config::v1::Spending& spent : spending) {
    out.push_back(
        {.window_id = spent.window_id(), .spent_nano_usd = spent.spent_nano_usd(), .version = spent.version()});
  }
  return out;
}

std::vector<ModelRoute> model_routes(config::v1::Group& message) {
  std::vector<ModelRoute> out;
  for (config::v1::ModelRoute& route : *message.mutable_model_routes()) {
    out.push_back({.model = std::move(*route.mutable_model()), .account_ids = strings(route.mutable_account_ids())});
    std::ranges::sort(out.back().account_ids);
  }
  return out;
}

SubscriptionEntry subscription_entry(
    config::v1::Subscription& one,
    const google::protobuf::RepeatedPtrField<config::v1::SubscriptionSpending>& spending) {
  SubscriptionEntry out{.id = std::move(*one.mutable_id()),
                        .group_id = std::move(*one.mutable_group_id()),
                        .starts_at = time_of(one.starts_at()),
                        .expires_at = time_of(one.expires_at()),
                        .budgets = budget_entries(one.budgets()),
                        .spending = {}};
  for (const config::v1::SubscriptionSpending& spent : spending) {
    if (spent.subscription_id() == out.id) out.spending = spending_entries(spent.spending());
  }
  return out;
}

}  // namespace

Result<> fill(Row<SettingsEntry>& row, config::v1::Settings message) {
  row.entry.value = std::move(message);
  return {};
}

Result<> fill(Row<UserEntry>& row, config::v1::User message) {
  row.entry.concurrency = message.concurrency();
  row.entry.multiplier_ppm = message.multiplier_ppm();
  row.entry.balance_nano_usd = message.balance_nano_usd();
  row.entry.balance_version = message.balance_version();
  row.entry.requests_per_minute = message.requests_per_minute();
  row.entry.tokens_per_minute = message.tokens_per_minute();
  for (config::v1::Subscription& one : *message.mutable_subscriptions())
    row.entry.subscriptions.push_back(subscription_entry(one, message.subscription_spending()));
  for (config::v1::GroupGrant& one : *message.mutable_grants()) {
    row.entry.grants.push_back({.group_id = std::move(*one.mutable_group_id()), .multiplier_ppm = {}});
    if (one.has_multiplier_ppm()) row.entry.grants.back().multiplier_ppm = one.multiplier_ppm();
  }
  return {};
}

const GrantEntry* UserEntry::grant(std::string_view group_id) const {
  const auto found = std::ranges::find(grants, group_id, &GrantEntry::group_id);
  return found == grants.end() ? nullptr : &*found;
}

const SubscriptionEntry* UserEntry::subscription(std::string_view group_id, SystemTime at) const {
  for (const SubscriptionEntry& one : subscriptions) {
    if (one.group_id == group_id && one.starts_at <= at && at < one.expires_at) return &one;
  }
  return nullptr;
}

TokenRates PriceEntry::rates(std::int64_t context_tokens) const {
  TokenRates rates{input, output, cache_read, cache_write_5m, cache_write_1h};
  for (const PriceTier& tier : tiers) {
    if (context_tokens > tier.above_tokens) rates = tier.rates;
  }
  return rates;
}

Result<> fill(Row<KeyEntry>& row, config::v1::ApiKey message) {
  row.entry.user_id = view_in(row.payload, message.user_id());
  row.entry.group_id = view_in(row.payload, message.group_id());
  row.entry.hmac = view_in(row.payload, message.key_hmac());
  if (message.has_expires_at()) row.entry.expires_at = time_of(message.expires_at());
  row.entry.concurrency = message.concurrency();
  row.entry.requests_per_minute = message.requests_per_minute();
  row.entry.tokens_per_minute = message.tokens_per_minute();
  row.entry.budgets = budget_entries(message.budgets());
  row.entry.spending = spending_entries(message.spending());
  row.entry.rules = key_rules(message);
  return {};
}

bool AccountEntry::serves(std::string_view model) const {
  if (models.empty() && model_mapping.empty()) return true;
  return std::ranges::find(models, model) != models.end() || model_mapping.contains(model);
}

bool KeyEntry::permits(std::string_view model) const {
  if (rules == nullptr || rules->models.empty()) return true;
  return std::ranges::any_of(rules->models, [model](std::string_view pattern) { return matches(pattern, model); });
}

bool matches(std::string_view pattern, std::string_view model) {
  return pattern.ends_with('*') ? model.starts_with(pattern.substr(0, pattern.size() - 1)) : model == pattern;
}

Result<> fill(Row<GroupEntry>& row, config::v1::Group message) {
  row.entry.multiplier_ppm = message.multiplier_ppm();
  row.entry.interruption_policy = message.interruption_policy();
  row.entry.exclusive = message.exclusive();
  row.entry.needs_subscription = message.billing() == config::v1::GROUP_BILLING_SUBSCRIPTION;
  row.entry.subscription_budgets = budget_entries(message.subscription_budgets());
  row.entry.model_aliases = {message.model_aliases().begin(), message.model_aliases().end()};
  row.entry.model_routes = model_routes(message);
  return {};
}

Result<> fill(Row<AccountEntry>& row, config::v1::Account message) {
  Result<http::BaseUrl> base = http::parse_base_url(message.base_url());
  if (!base) return std::unexpected(std::move(base.error()));
  row.entry.name = std::move(*message.mutable_display_name());
  row.entry.provider = std::move(*message.mutable_provider());
  row.entry.base = std::move(*base);
  row.entry.base.origin.ca_pem = std::move(*message.mutable_ca_pem());
  row.entry.group_ids = strings(message.mutable_group_ids());
  row.entry.concurrency = message.concurrency();
  row.entry.priority = message.priority();
  constexpr std::uint32_t kDefaultWeight = 100;
  row.entry.weight = message.weight() == 0 ? kDefaultWeight : message.weight();
  row.entry.models = strings(message.mutable_models());
  row.entry.model_mapping = {message.model_mapping().begin(), message.model_mapping().end()};
  for (const config::v1::PauseRule& rule : message.pause_rules())
    row.entry.pause_rules.push_back(pause_rule(rule));
  row.entry.egress_proxy_ids = strings(message.mutable_egress_proxy_ids());
  return {};
}

Result<> fill(Row<CredentialEntry>& row, config::v1::Credential message) {
  row.entry.kind = message.kind();
  row.entry.secret = Secret(std::move(*message.mutable_secret()));
  if (message.has_expires_at()) row.entry.expires_at = time_of(message.expires_at());
  row.entry.bound_hosts = strings(message.mutable_bound_hosts());
  row.entry.revision = row.revision;
  return {};
}

Result<> fill(Row<EgressProxyEntry>& row, config::v1::EgressProxy message) {
  Result<io::Proxy> proxy = io::parse_proxy_url(message.url());
  if (!proxy) return std::unexpected(std::move(proxy.error()));
  row.entry.proxy = std::move(*proxy);
  row.entry.proxy.username = std::move(*message.mutable_username());
  row.entry.proxy.password = Secret(std::move(*message.mutable_password()));
  return {};
}

Result<> fill(Row<PriceEntry>& row, config::v1::Price message) {
  row.entry.revision = row.revision;
  row.entry.model = std::move(*message.mutable_model());
  row.entry.display_name = std::move(*message.mutable_display_name());
  row.entry.provider = std::move(*message.mutable_provider());
  row.entry.effective_at = time_of(message.effective_at());
  row.entry.input = message.input();
  row.entry.output = message.output();
  row.entry.cache_read = message.cache_read();
  row.entry.cache_write_5m = message.cache_write_5m();
  row.entry.cache_write_1h = message.cache_write_1h();
  row.entry.per_request = message.per_request();
  for (const config::v1::PriceTier& tier : message.tiers()) {
    row.entry.tiers.push_back(
        {tier.above_tokens(),
         {tier.input(), tier.output(), tier.cache_read(), tier.cache_write_5m(), tier.cache_write_1h()}});
  }
  return {};
}

}  // namespace sluice::snapshot
