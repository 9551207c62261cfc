#include "controlplane/billing/subscription_windows.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "controlplane/store/settings.h"
#include "controlplane/store/subscription_plans.h"

namespace sluice::billing {

namespace {

Result<std::map<std::string, std::int64_t>> spent_in(db::Transaction& tx, const std::string& subscription_id,
                                                     const std::vector<WindowUse>& windows) {
  std::vector<std::string> ids;
  for (const WindowUse& use : windows)
    ids.push_back(use.span.id);
  const auto rows = tx.exec(
      "SELECT window_id, spent_nano_usd FROM subscription_spending WHERE subscription_id = $1 "
      "AND window_id = ANY($2::text[])",
      subscription_id, ids);
  if (!rows) return std::unexpected(rows.error());
  std::map<std::string, std::int64_t> spent;
  for (const db::Row row : *rows)
    spent[row.get<std::string>("window_id")] = row.get<std::int64_t>("spent_nano_usd");
  return spent;
}

}  // namespace

std::optional<SystemTime> forecast(std::int64_t spent, std::int64_t limit, SystemTime since, SystemTime now,
                                   SystemTime end) {
  if (spent >= limit) return now;
  const std::int64_t elapsed = (now - since).count();
  if (spent <= 0 || elapsed <= 0) return std::nullopt;
  const __int128 left = static_cast<__int128>(limit - spent) * elapsed / spent;
  if (left >= (end - now).count()) return std::nullopt;
  return now + SystemTime::duration(static_cast<std::int64_t>(left));
}

Result<std::vector<WindowUse>> window_use(db::Transaction& tx, const store::Subscription& subscription,
                                          SystemTime now) {
  const auto settings = store::get_settings(tx);
  if (!settings) return std::unexpected(settings.error());
  const auto plan = store::get_plan(tx, subscription.plan_id);
  if (!plan) return std::unexpected(plan.error());
  const std::array<std::pair<money::Window, std::optional<std::int64_t>>, 3> limits{
      {{money::Window::kDay, plan->day}, {money::Window::kWeek, plan->week}, {money::Window::kMonth, plan->month}}};
  std::vector<WindowUse> out;
  for (const auto& [window, limit] : limits) {
    auto span = money::window_at(window, now, settings->value.billing_time_zone());
    if (!span) return std::unexpected(span.error());
    out.push_back({.window = window, .span = std::move(*span), .limit_nano_usd = limit});
  }
  const auto spent = spent_in(tx, subscription.id, out);
  if (!spent) return std::unexpected(spent.error());
  for (WindowUse& use : out) {
    if (const auto found = spent->find(use.span.id); found != spent->end()) use.spent_nano_usd = found->second;
    if (!use.limit_nano_usd) continue;
    use.used_up_at = forecast(use.spent_nano_usd, *use.limit_nano_usd, std::max(use.span.from, subscription.starts_at),
                              now, std::min(use.span.to, subscription.expires_at));
  }
  return out;
}

}  // namespace sluice::billing
