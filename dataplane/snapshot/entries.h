// What a node knows about each pushed object, decoded once and ready for use on the request path. All are immutable
// and live as long as the Snapshot they came from. Money is nano-USD, multipliers are parts per million.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/network.h"
#include "common/base/secret.h"
#include "common/http/client_pool.h"
#include "common/io/proxy.h"
#include "sluice/config/v1/resources.pb.h"

namespace sluice::snapshot {

struct BudgetEntry {
  config::v1::BudgetWindow window = config::v1::BUDGET_WINDOW_UNSPECIFIED;
  std::int64_t limit_nano_usd = 0;
};

// What a key had spent in a window when its resource was published.
struct SpendingEntry {
  std::string window_id;
  std::int64_t spent_nano_usd = 0;
  std::uint64_t version = 0;
};

// Who may use a key for what; few keys say so.
struct KeyRules {
  std::vector<Network> allow_networks;  // empty: all
  std::vector<Network> deny_networks;   // stronger than the others
  std::vector<std::string> models;      // names, or beginnings followed by "*"; empty: all
  std::string previous_hmac;            // of the key it replaced, or empty
  SystemTime previous_until{};          // which works until then
};

// A client's API key. Usable only while the key, its user and its group are active and present.
struct KeyEntry {
  std::string id;
  std::string_view user_id;
  std::string_view group_id;
  std::string_view hmac;  // 32 bytes
  bool active = false;
  std::optional<SystemTime> expires_at;
  std::uint32_t concurrency = 0;  // 0: unlimited, as below
  std::uint32_t requests_per_minute = 0;
  std::uint32_t tokens_per_minute = 0;
  std::vector<BudgetEntry> budgets;  // one for each window at most
  std::vector<SpendingEntry> spending;
  std::unique_ptr<const KeyRules> rules;  // null: none

  // Whether it may use the model.
  [[nodiscard]] bool permits(std::string_view model) const;
};

// Whether the model is that name, or begins with what stands before its "*".
[[nodiscard]] bool matches(std::string_view pattern, std::string_view model);

// A user's right to use a group without paying from the wallet.
struct SubscriptionEntry {
  std::string id;
  std::string group_id;
  SystemTime starts_at{};
  SystemTime expires_at{};           // not included
  std::vector<BudgetEntry> budgets;  // a window without one is unlimited
  std::vector<SpendingEntry> spending;
};

// A user's permission to use a group.
struct GrantEntry {
  std::string group_id;
  std::optional<std::uint64_t> multiplier_ppm;  // in place of the group's
};

struct UserEntry {
  std::string id;
  bool active = false;
  std::uint32_t concurrency = 0;  // 0: the default of Settings
  std::uint64_t multiplier_ppm = 0;
  std::int64_t balance_nano_usd = 0;
  std::uint64_t balance_version = 0;
  std::uint32_t requests_per_minute = 0;  // 0: unlimited
  std::uint32_t tokens_per_minute = 0;
  std::vector<SubscriptionEntry> subscriptions;
  std::vector<GrantEntry> grants;

  // Null: none.
  [[nodiscard]] const GrantEntry* grant(std::string_view group_id) const;
  // The one that pays for the group at that time, or null.
  [[nodiscard]] const SubscriptionEntry* subscription(std::string_view group_id, SystemTime at) const;
};

// Which accounts of a group serve the models that match.
struct ModelRoute {
  std::string model;
  std::vector<std::string> account_ids;  // sorted
};

struct GroupEntry {
  std::string id;
  bool active = false;
  std::uint64_t multiplier_ppm = 0;
  config::v1::InterruptionPolicy interruption_policy = config::v1::INTERRUPTION_POLICY_UNSPECIFIED;
  bool exclusive = false;  // only for users with a grant or a subscription
  bool needs_subscription = false;
  std::vector<BudgetEntry> subscription_budgets;                  // where a subscription sets none
  std::map<std::string, std::string, std::less<>> model_aliases;  // from what clients name to the model that is meant
  std::vector<ModelRoute> model_routes;                           // the first that matches holds
};

// An upstream error that pauses the account.
struct PauseRule {
  std::uint32_t status = 0;
  std::vector<std::string> keywords;  // lower case; any of them; none: any body
  std::chrono::minutes pause{0};
};

struct AccountEntry {
  std::string id;
  std::string name;
  bool active = false;
  std::string provider;
  http::BaseUrl base;  // with the account's private CA, if any, in base.origin.ca_pem
  std::vector<std::string> group_ids;
  std::uint32_t concurrency = 0;  // 0: unlimited
  std::int32_t priority = 0;      // lower is tried first
  std::uint32_t weight = 0;       // above 0; load counts as divided by it
  // Both empty: every priced model of its provider.
  std::vector<std::string> models;
  std::map<std::string, std::string, std::less<>> model_mapping;  // from the client's name to the upstream's
  std::vector<PauseRule> pause_rules;                             // in order
  std::vector<std::string> egress_proxy_ids;                      // in order; empty: direct

  // Whether clients may name this model.
  [[nodiscard]] bool serves(std::string_view model) const;
};

// What an account presents now; its id is the account's.
struct CredentialEntry {
  std::string id;
  bool active = false;
  config::v1::CredentialKind kind = config::v1::CREDENTIAL_KIND_UNSPECIFIED;
  Secret secret;
  std::optional<SystemTime> expires_at;
  std::vector<std::string> bound_hosts;  // "host:port"
  std::uint64_t revision = 0;
};

// nano-USD per million tokens
struct TokenRates {
  std::int64_t input = 0, output = 0, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0;
};

struct PriceTier {
  std::int64_t above_tokens = 0;
  TokenRates rates;
};

struct PriceEntry {
  std::string id;
  bool active = false;
  std::uint64_t revision = 0;
  std::string model;
  std::string display_name;
  std::string provider;
  SystemTime effective_at{};
  // nano-USD per million tokens
  std::int64_t input = 0, output = 0, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0;
  std::int64_t per_request = 0;  // nano-USD
  std::vector<PriceTier> tiers;  // ascending

  // What holds for the whole of a request with so many tokens of input, cache reads and writes included.
  [[nodiscard]] TokenRates rates(std::int64_t context_tokens) const;
};

struct EgressProxyEntry {
  std::string id;
  bool active = false;
  io::Proxy proxy;
};

struct SettingsEntry {
  std::string id;
  bool active = false;
  config::v1::Settings value;
};

}  // namespace sluice::snapshot
