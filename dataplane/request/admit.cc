#include "dataplane/request/admit.h"

#include <fmt/format.h>

#include <utility>

#include "common/money/money.h"
#include "common/money/window.h"
#include "common/resource/limits.h"
#include "dataplane/request/estimate.h"

namespace sluice::request {

namespace {

using Refused = limit::Refused;

money::Window window_of(config::v1::BudgetWindow window) {
  switch (window) {
    case config::v1::BUDGET_WINDOW_DAY:
      return money::Window::kDay;
    case config::v1::BUDGET_WINDOW_WEEK:
      return money::Window::kWeek;
    case config::v1::BUDGET_WINDOW_MONTH:
      return money::Window::kMonth;
    default:
      return money::Window::kTotal;
  }
}

// The budget in the window in which the request arrived; the snapshot's settings were validated, so the zone is known.
void add_budget(const Exchange& exchange, std::string_view owner, const std::vector<snapshot::SpendingEntry>& known,
                const snapshot::BudgetEntry& budget, limit::Demand& demand) {
  const auto span =
      money::window_at(window_of(budget.window), exchange.arrived, exchange.snapshot->settings().billing_time_zone());
  if (!span) return;
  limit::PurseDemand purse{.id = fmt::format("{}:{}", owner, span->id), .limit_nano = budget.limit_nano_usd};
  for (const snapshot::SpendingEntry& spending : known) {
    if (spending.window_id != span->id) continue;
    purse.known_balance_nano = -spending.spent_nano_usd;
    purse.known_version = spending.version;
  }
  demand.purses.push_back(std::move(purse));
}

// Every window is counted, also those without a limit: one may be set later.
void add_subscription(const Exchange& exchange, const snapshot::SubscriptionEntry& subscription,
                      limit::Demand& demand) {
  for (const config::v1::BudgetWindow window :
       {config::v1::BUDGET_WINDOW_DAY, config::v1::BUDGET_WINDOW_WEEK, config::v1::BUDGET_WINDOW_MONTH}) {
    snapshot::BudgetEntry budget{.window = window, .limit_nano_usd = resource::kMaxBudget};
    for (const auto* budgets : {&exchange.caller.group->subscription_budgets, &subscription.budgets}) {
      for (const snapshot::BudgetEntry& set : *budgets) {
        if (set.window == window) budget = set;  // the subscription's own comes last
      }
    }
    add_budget(exchange, "sub:" + subscription.id, subscription.spending, budget, demand);
  }
}

void add_money(const Exchange& exchange, limit::Demand& demand) {
  const snapshot::UserEntry& user = *exchange.caller.user;
  const snapshot::KeyEntry& key = *exchange.caller.key;
  if (const auto* subscription = user.subscription(key.group_id, exchange.arrived)) {
    add_subscription(exchange, *subscription, demand);
  } else {
    demand.purses.push_back({.id = "user:" + user.id,
                             .limit_nano = 0,
                             .known_balance_nano = user.balance_nano_usd,
                             .known_version = user.balance_version});
  }
  for (const snapshot::BudgetEntry& budget : key.budgets)
    add_budget(exchange, "key:" + key.id, key.spending, budget, demand);
  demand.money_needs_redis = exchange.snapshot->settings().money_without_redis() == config::v1::OUTAGE_POLICY_REFUSE;
}

std::uint32_t or_default(std::uint32_t value, std::uint32_t otherwise) {
  return value != 0 ? value : otherwise;
}

unsigned seconds_up(std::chrono::milliseconds time) {
  return static_cast<unsigned>(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

std::string money_message(const Refused& refused) {
  if (refused.limit_name == "wallet") {
    return fmt::format("your balance does not cover this request, {} USD are left; add funds to continue",
                       money::format_usd(refused.current));
  }
  if (refused.limit_name.starts_with("subscription")) {
    return fmt::format("the subscription's limit {} of {} USD does not cover this request; {} USD are left",
                       refused.limit_name, money::format_usd(refused.limit), money::format_usd(refused.current));
  }
  return fmt::format("the API key's budget {} of {} USD does not cover this request; {} USD are left",
                     refused.limit_name, money::format_usd(refused.limit), money::format_usd(refused.current));
}

// Of the group for this user, times the user's own; validation of both keeps the product in range.
std::uint64_t multiplier_of(const Caller& caller) {
  const snapshot::GrantEntry* grant = caller.user->grant(caller.group->id);
  const bool own = grant != nullptr && grant->multiplier_ppm.has_value();
  return money::combine_multipliers(own ? *grant->multiplier_ppm : caller.group->multiplier_ppm,
                                    caller.user->multiplier_ppm)
      .value_or(0);
}

void resolve_alias(Exchange& exchange) {
  const auto& aliases = exchange.caller.group->model_aliases;
  if (aliases.empty()) return;
  const auto found = aliases.find(exchange.call.model);
  if (found == aliases.end()) return;
  exchange.alias = std::exchange(exchange.call.model, found->second);
}

}  // namespace

Step find_price(Exchange& exchange) {
  resolve_alias(exchange);
  const std::string_view named = exchange.alias.empty() ? exchange.call.model : exchange.alias;
  const bool permitted = exchange.caller.key->permits(named) || exchange.caller.key->permits(exchange.call.model);
  if (!permitted) {
    return std::unexpected(
        protocol::ApiError{.status = 403, .message = fmt::format("model: this API key may not use {}", named)});
  }
  exchange.price = exchange.snapshot->price(exchange.call.model, exchange.arrived);
  if (exchange.price == nullptr) {
    return std::unexpected(
        protocol::ApiError{.status = 404, .message = fmt::format("model: {} is not served here", exchange.call.model)});
  }
  exchange.multiplier_ppm = multiplier_of(exchange.caller);
  return {};
}

limit::Demand demand_of(const Exchange& exchange) {
  const snapshot::UserEntry& user = *exchange.caller.user;
  const snapshot::KeyEntry& key = *exchange.caller.key;
  const config::v1::Settings& settings = exchange.snapshot->settings();
  const Estimate estimated = estimate(exchange.call, exchange.body.size(), *exchange.price, exchange.multiplier_ppm);
  limit::Demand demand;
  demand.request_id = exchange.id_text;
  demand.user = {user.id, or_default(user.concurrency, settings.default_user_concurrency()), user.requests_per_minute,
                 user.tokens_per_minute};
  demand.key = {key.id, key.concurrency, key.requests_per_minute, key.tokens_per_minute};
  demand.tokens = estimated.tokens;
  demand.hold_nano = estimated.hold_nano;
  if (estimated.hold_nano != 0) add_money(exchange, demand);
  demand.sticky_ttl = std::chrono::seconds(or_default(settings.stickiness().ttl_seconds(), 3600));
  demand.sticky_waiting = or_default(settings.stickiness().waiting(), 3);
  demand.waiting_per_user = or_default(settings.waiting().per_user(), 20);
  demand.waiting_per_account = or_default(settings.waiting().per_account(), 100);
  return demand;
}

protocol::ApiError explain(const Refused& refused) {
  protocol::ApiError error{.status = 429};
  if (refused.retry_after.count() > 0) error.retry_after = seconds_up(refused.retry_after);
  switch (refused.kind) {
    case Refused::Kind::kSlots:
      error.message =
          fmt::format("{}: all {} concurrent requests are in use and the queue is full; wait for one to end",
                      refused.limit_name, refused.limit);
      if (!error.retry_after) error.retry_after = 1;
      break;
    case Refused::Kind::kRate:
      error.message = fmt::format("{}: the limit of {} a minute is reached; it frees up in {} s", refused.limit_name,
                                  refused.limit, error.retry_after.value_or(1));
      break;
    case Refused::Kind::kMoney:
      error.status = 402;
      if (refused.limit_name != "wallet") error.status = 429;
      error.message = money_message(refused);
      break;
    case Refused::Kind::kAccountsFull:
      error.status = 529;
      error.message = "all upstream accounts are busy and their queues are full; try again shortly";
      if (!error.retry_after) error.retry_after = 5;
      break;
    case Refused::Kind::kUnavailable:
      error.status = 503;
      error.message = "requests that cost money cannot be admitted for the moment; try again shortly";
      if (!error.retry_after) error.retry_after = 5;
      break;
  }
  return error;
}

}  // namespace sluice::request
