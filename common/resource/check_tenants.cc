#include <fmt/format.h>

#include <set>

#include "common/base/network.h"
#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"

namespace sluice::resource {

using std::int64_t;
using std::uint32_t;
using std::uint64_t;

namespace {

// The limits that users and keys have alike.
template <class Message>
Result<> check_rates(const Message& message) {
  if (Result<> r = check_range<uint32_t>("concurrency", message.concurrency(), 0, kMaxConcurrency); !r) return r;
  if (Result<> r = check_range<uint32_t>("requests_per_minute", message.requests_per_minute(), 0, kMaxPerMinute); !r) {
    return r;
  }
  return check_range<uint32_t>("tokens_per_minute", message.tokens_per_minute(), 0, kMaxPerMinute);
}

Result<> check_budgets(const google::protobuf::RepeatedPtrField<config::v1::Budget>& budgets) {
  std::set<config::v1::BudgetWindow> windows;
  for (const config::v1::Budget& budget : budgets) {
    if (budget.window() == config::v1::BUDGET_WINDOW_UNSPECIFIED ||
        !config::v1::BudgetWindow_IsValid(budget.window())) {
      return fail(ErrorCode::kInvalidArgument, "budgets.window is missing or unknown to this version");
    }
    if (!windows.insert(budget.window()).second) {
      return fail(ErrorCode::kInvalidArgument, "budgets name the same window twice");
    }
    if (Result<> r = check_range<int64_t>("budgets.limit_nano_usd", budget.limit_nano_usd(), 1, kMaxBudget); !r) {
      return r;
    }
  }
  return {};
}

Result<> check_spending(const google::protobuf::RepeatedPtrField<config::v1::Spending>& spending) {
  if (Result<> r = check_count("spending", spending.size(), kMaxSpendings); !r) return r;
  for (const config::v1::Spending& spent : spending) {
    if (Result<> r = check_token("spending.window_id", spent.window_id(), kMaxWindowIdBytes); !r) return r;
    if (spent.spent_nano_usd() < 0) return fail(ErrorCode::kInvalidArgument, "spending.spent_nano_usd is negative");
  }
  return {};
}

Result<> check_networks(std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& networks) {
  if (Result<> r = check_count(field, networks.size(), kMaxNetworksPerKey); !r) return r;
  for (const std::string& network : networks) {
    if (auto parsed = parse_network(network); !parsed) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", field, parsed.error().message));
    }
  }
  return {};
}

// A name, or the beginning of names followed by a star.
Result<> check_pattern(std::string_view field, const std::string& pattern) {
  if (Result<> r = check_token(field, pattern, kMaxModelPatternBytes); !r) return r;
  if (pattern.find('*') < pattern.size() - 1) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: a star may stand at the end only", field));
  }
  return {};
}

Result<> check_models(const google::protobuf::RepeatedPtrField<std::string>& models) {
  if (Result<> r = check_count("models", models.size(), kMaxModelsPerKey); !r) return r;
  for (const std::string& model : models) {
    if (Result<> r = check_pattern("models", model); !r) return r;
  }
  return {};
}

Result<> check_previous(const config::v1::ApiKey& key) {
  if (key.previous_hmac().empty() && !key.has_previous_until()) return {};
  if (key.previous_hmac().size() != 32) return fail(ErrorCode::kInvalidArgument, "previous_hmac must be 32 bytes");
  return check_time("previous_until", key.previous_until());
}

Result<> check_subscriptions(const config::v1::User& user) {
  if (Result<> r = check_count("subscriptions", user.subscriptions_size(), kMaxSubscriptions); !r) return r;
  for (const config::v1::Subscription& one : user.subscriptions()) {
    if (Result<> r = check_uuid("subscriptions.id", one.id()); !r) return r;
    if (Result<> r = check_uuid("subscriptions.group_id", one.group_id()); !r) return r;
    if (Result<> r = check_time("subscriptions.starts_at", one.starts_at()); !r) return r;
    if (Result<> r = check_time("subscriptions.expires_at", one.expires_at()); !r) return r;
    if (Result<> r = check_budgets(one.budgets()); !r) return r;
  }
  if (Result<> r = check_count("subscription_spending", user.subscription_spending_size(), kMaxSubscriptions); !r) {
    return r;
  }
  for (const config::v1::SubscriptionSpending& one : user.subscription_spending()) {
    if (Result<> r = check_spending(one.spending()); !r) return r;
  }
  return {};
}

Result<> check_grants(const config::v1::User& user) {
  if (Result<> r = check_count("grants", user.grants_size(), kMaxGrants); !r) return r;
  for (const config::v1::GroupGrant& grant : user.grants()) {
    if (Result<> r = check_uuid("grants.group_id", grant.group_id()); !r) return r;
    if (Result<> r = check_range<uint64_t>("grants.multiplier_ppm", grant.multiplier_ppm(), 0, kMaxMultiplierPpm); !r) {
      return r;
    }
  }
  return {};
}

Result<> check_aliases(const config::v1::Group& group) {
  if (Result<> r = check_count("model_aliases", static_cast<int>(group.model_aliases().size()), kMaxModelAliases); !r) {
    return r;
  }
  for (const auto& [name, model] : group.model_aliases()) {
    if (Result<> r = check_token("model_aliases", name, kMaxMappedModelBytes); !r) return r;
    if (Result<> r = check_token("model_aliases", model, kMaxMappedModelBytes); !r) return r;
    if (group.model_aliases().contains(model)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("model_aliases: {} stands for {}, which is an alias itself", name, model));
    }
  }
  return {};
}

Result<> check_routes(const config::v1::Group& group) {
  if (Result<> r = check_count("model_routes", group.model_routes_size(), kMaxModelRoutes); !r) return r;
  for (const config::v1::ModelRoute& route : group.model_routes()) {
    if (Result<> r = check_pattern("model_routes.model", route.model()); !r) return r;
    if (Result<> r = check_count("model_routes.account_ids", route.account_ids_size(), kMaxAccountsPerRoute); !r) {
      return r;
    }
    for (const std::string& id : route.account_ids()) {
      if (Result<> r = check_uuid("model_routes.account_ids", id); !r) return r;
    }
  }
  return {};
}

// A billing kind of a newer control plane might mean that somebody else pays: the group must not be used as another.
Result<> check_billing(const config::v1::Group& group) {
  if (!config::v1::GroupBilling_IsValid(group.billing())) {
    return fail(ErrorCode::kInvalidArgument, "billing is unknown to this version");
  }
  if (Result<> r = check_budgets(group.subscription_budgets()); !r) return r;
  for (const config::v1::Budget& budget : group.subscription_budgets()) {
    if (budget.window() == config::v1::BUDGET_WINDOW_TOTAL) {
      return fail(ErrorCode::kInvalidArgument, "subscription_budgets: a day, a week or a month");
    }
  }
  return {};
}

}  // namespace

Result<> check(const config::v1::User& user) {
  if (Result<> r = check_text("display_name", user.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_rates(user); !r) return r;
  if (Result<> r = check_subscriptions(user); !r) return r;
  if (Result<> r = check_grants(user); !r) return r;
  return check_range<uint64_t>("multiplier_ppm", user.multiplier_ppm(), 0, kMaxMultiplierPpm);
}

Result<> check(const config::v1::ApiKey& key) {
  if (Result<> r = check_uuid("user_id", key.user_id()); !r) return r;
  if (Result<> r = check_uuid("group_id", key.group_id()); !r) return r;
  if (key.key_hmac().size() != 32) return fail(ErrorCode::kInvalidArgument, "key_hmac must be 32 bytes");
  if (Result<> r = check_rates(key); !r) return r;
  if (Result<> r = check_budgets(key.budgets()); !r) return r;
  if (Result<> r = check_spending(key.spending()); !r) return r;
  if (Result<> r = check_networks("allow_networks", key.allow_networks()); !r) return r;
  if (Result<> r = check_networks("deny_networks", key.deny_networks()); !r) return r;
  if (Result<> r = check_models(key.models()); !r) return r;
  if (Result<> r = check_previous(key); !r) return r;
  return key.has_expires_at() ? check_time("expires_at", key.expires_at()) : Result<>{};
}

Result<> check(const config::v1::Group& group) {
  if (Result<> r = check_text("display_name", group.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_range<uint64_t>("multiplier_ppm", group.multiplier_ppm(), 0, kMaxMultiplierPpm); !r) return r;
  if (!config::v1::InterruptionPolicy_IsValid(group.interruption_policy())) {
    return fail(ErrorCode::kInvalidArgument, "interruption_policy is unknown to this version");
  }
  if (Result<> r = check_billing(group); !r) return r;
  if (Result<> r = check_aliases(group); !r) return r;
  return check_routes(group);
}

}  // namespace sluice::resource
