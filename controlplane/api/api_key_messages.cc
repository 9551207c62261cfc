#include "controlplane/api/api_key_messages.h"

#include "common/money/money.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/settings.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;
using Window = store::BudgetWindow;

constexpr std::size_t kMaxName = 200;

v1::ApiKeyBudgetWindow shown(Window window) {
  switch (window) {
    case Window::kDay:
      return v1::API_KEY_BUDGET_WINDOW_DAY;
    case Window::kWeek:
      return v1::API_KEY_BUDGET_WINDOW_WEEK;
    case Window::kMonth:
      return v1::API_KEY_BUDGET_WINDOW_MONTH;
    case Window::kTotal:
      return v1::API_KEY_BUDGET_WINDOW_TOTAL;
  }
  return v1::API_KEY_BUDGET_WINDOW_UNSPECIFIED;
}

Result<Window> window_of(v1::ApiKeyBudgetWindow shown_window) {
  for (const Window window : {Window::kDay, Window::kWeek, Window::kMonth, Window::kTotal}) {
    if (shown(window) == shown_window) return window;
  }
  return fail(ErrorCode::kInvalidArgument, "budgets.window: must be DAY, WEEK, MONTH or TOTAL");
}

Result<> add_budgets(Call& call, const store::ApiKey& row, v1::ApiKey& into) {
  if (row.budgets.empty()) return {};
  const auto settings = store::get_settings(call.tx);
  if (!settings) return std::unexpected(settings.error());
  const std::string& zone = settings->value.billing_time_zone();
  const SystemTime now = call.clock.now();
  const auto spending = store::current_spending(call.tx, std::vector{row.id}, now, zone);
  if (!spending) return std::unexpected(spending.error());
  for (const store::Budget& budget : row.budgets) {
    const auto span = money::window_at(budget.window, now, zone);
    if (!span) return std::unexpected(span.error());
    const auto spent = std::ranges::find(*spending, span->id, &store::KeySpending::window_id);
    v1::ApiKeyBudget& shown_budget = *into.add_budgets();
    shown_budget.set_window(shown(budget.window));
    shown_budget.set_limit_usd(money::format_usd(budget.limit_nano_usd));
    shown_budget.set_spent_usd(money::format_usd(spent == spending->end() ? 0 : spent->spent_nano_usd));
  }
  return {};
}

Result<> read_budgets(const v1::ApiKey& key, store::ApiKey& into) {
  into.budgets.clear();
  for (const v1::ApiKeyBudget& budget : key.budgets()) {
    const auto window = window_of(budget.window());
    if (!window) return std::unexpected(window.error());
    if (Result<> given = require("budgets.limit_usd", budget.limit_usd()); !given) return given;
    const auto limit = parse_usd_field("budgets.limit_usd", budget.limit_usd(), 0);
    if (!limit) return std::unexpected(limit.error());
    into.budgets.push_back({.window = *window, .limit_nano_usd = *limit});
  }
  return {};
}

// The limits as they would be pushed, checked by the rules for that. The rest of a key is not the caller's.
Result<> check_limits(const store::ApiKey& row) {
  config::v1::ApiKey pushed;
  pushed.set_user_id(row.user_id);
  pushed.set_group_id(row.group_id);
  pushed.set_key_hmac(row.key_hmac);
  pushed.set_concurrency(static_cast<std::uint32_t>(row.concurrency));
  pushed.set_requests_per_minute(static_cast<std::uint32_t>(row.requests_per_minute));
  pushed.set_tokens_per_minute(static_cast<std::uint32_t>(row.tokens_per_minute));
  for (const store::Budget& budget : row.budgets) {
    config::v1::Budget& one = *pushed.add_budgets();
    one.set_window(store::pushed(budget.window));
    one.set_limit_nano_usd(budget.limit_nano_usd);
  }
  pushed.mutable_allow_networks()->Add(row.allow_networks.begin(), row.allow_networks.end());
  pushed.mutable_deny_networks()->Add(row.deny_networks.begin(), row.deny_networks.end());
  pushed.mutable_models()->Add(row.models.begin(), row.models.end());
  return resource::check(pushed);
}

}  // namespace

Result<> to_message(Call& call, const store::ApiKey& row, v1::ApiKey& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_group_id(row.group_id);
  into.set_name(row.name);
  into.set_status(row.status == store::Status::kActive ? v1::API_KEY_STATUS_ACTIVE : v1::API_KEY_STATUS_DISABLED);
  into.set_public_id(row.public_id);
  into.set_last4(row.last4);
  if (row.expires_at) set_time(into.mutable_expires_at(), *row.expires_at);
  if (row.last_used_at) set_time(into.mutable_last_used_at(), *row.last_used_at);
  into.set_concurrency(row.concurrency);
  into.set_requests_per_minute(row.requests_per_minute);
  into.set_tokens_per_minute(row.tokens_per_minute);
  into.mutable_allow_networks()->Add(row.allow_networks.begin(), row.allow_networks.end());
  into.mutable_deny_networks()->Add(row.deny_networks.begin(), row.deny_networks.end());
  into.mutable_models()->Add(row.models.begin(), row.models.end());
  if (row.previous_until) set_time(into.mutable_previous_until(), *row.previous_until);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
  return add_budgets(call, row, into);
}

Result<> from_message(const v1::ApiKey& key, store::ApiKey& into) {
  if (Result<> given = require("group_id", key.group_id()); !given) return given;
  if (key.name().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  if (Result<> fine = require_not_negative({{"concurrency", key.concurrency()},
                                            {"requests_per_minute", key.requests_per_minute()},
                                            {"tokens_per_minute", key.tokens_per_minute()}});
      !fine) {
    return fine;
  }
  into.group_id = key.group_id();
  into.name = key.name();
  into.status = key.status() == v1::API_KEY_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.expires_at.reset();
  if (key.has_expires_at()) into.expires_at = to_time(key.expires_at());
  into.concurrency = key.concurrency();
  into.requests_per_minute = key.requests_per_minute();
  into.tokens_per_minute = key.tokens_per_minute();
  into.allow_networks = {key.allow_networks().begin(), key.allow_networks().end()};
  into.deny_networks = {key.deny_networks().begin(), key.deny_networks().end()};
  into.models = {key.models().begin(), key.models().end()};
  if (Result<> read = read_budgets(key, into); !read) return read;
  return check_limits(into);
}

}  // namespace sluice::api
