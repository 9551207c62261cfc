#include <fmt/core.h>

#include <map>
#include <set>

#include "controlplane/sluicectl/doctor_checks.h"

namespace sluice::sluicectl::doctor {

using namespace std::chrono_literals;

namespace {

// Asking for each one's health is a call of its own.
constexpr std::size_t kMostHealth = 200;

bool is_active(const boost::json::object& row) {
  return text(row, "status").ends_with("_ACTIVE");
}

void check_health(Visit& visit, const boost::json::object& account) {
  auto health = visit.client().list("ListAccountHealth", {{"account_id", text(account, "id")}});
  if (!health) return;
  for (const auto& finding : *health) {
    if (!flag(finding, "active")) continue;
    std::string reason = text(finding, "reason");
    if (constexpr std::string_view kPrefix = "HEALTH_REASON_"; reason.starts_with(kPrefix))
      reason.erase(0, kPrefix.size());
    const std::string model = text(finding, "model");
    visit.warn(fmt::format("account {}: {} until {}{}", text(account, "name"), reason, text(finding, "until"),
                           model.empty() ? "" : " for " + model),
               reason == "AUTH_FAILED" ? "give it a new credential" : text(finding, "detail"));
  }
}

}  // namespace

void check_accounts(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* accounts = visit.rows("ListAccounts");
  if (accounts == nullptr) return;
  std::size_t active = 0;
  for (const auto& account : *accounts) {
    if (!is_active(account)) continue;
    if (!flag(account, "has_credential")) {
      visit.warn(fmt::format("account {}: has no credential", text(account, "name")),
                 "set one, log it in, or disable it");
    }
    if (++active <= kMostHealth) check_health(visit, account);
  }
  if (active > kMostHealth) visit.ok(fmt::format("accounts: health of the first {} looked at", kMostHealth));
  if (active == 0) visit.warn("accounts: none is active", "create one: nothing can be served");
  visit.end_of_check(before, fmt::format("accounts: {} active, none blocked", active));
}

void check_logins(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* grants = visit.rows("ListOAuthGrants");
  if (grants == nullptr) return;
  for (const auto& grant : *grants) {
    const std::string name = "login of account " + text(grant, "account_id");
    const std::string state = text(grant, "state");
    const auto end = moment(grant, "access_expires_at");
    if (state.ends_with("_NEEDS_LOGIN")) {
      visit.fail(name + ": refused for good", "log the account in again");
    } else if (state.ends_with("_UNREFRESHABLE") && end && *end < visit.now() + 24h) {
      visit.warn(fmt::format("{}: ends {} and cannot be refreshed", name, text(grant, "access_expires_at")),
                 "log the account in again before");
    } else if (state.ends_with("_ACTIVE") && end && *end < visit.now()) {
      visit.fail(name + ": its access token has ended", "see its last error: " + text(grant, "last_error"));
    } else if (number(grant, "failures") > 0 && !state.ends_with("_REPLACED")) {
      visit.warn(fmt::format("{}: {} refreshes failed", name, number(grant, "failures")), text(grant, "last_error"));
    }
  }
  visit.end_of_check(before, fmt::format("logins: {}, none about to end", grants->size()));
}

void check_groups(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* groups = visit.rows("ListGroups");
  const Rows* accounts = visit.rows("ListAccounts");
  const Rows* keys = visit.rows("ListApiKeys");
  if (groups == nullptr || accounts == nullptr || keys == nullptr) return;
  std::set<std::string> served;
  for (const auto& account : *accounts) {
    if (!is_active(account)) continue;
    for (std::string& id : texts(account, "group_ids"))
      served.insert(std::move(id));
  }
  std::map<std::string, std::size_t> keys_of;
  for (const auto& key : *keys) {
    if (is_active(key)) ++keys_of[text(key, "group_id")];
  }
  for (const auto& group : *groups) {
    const auto used = keys_of.extract(text(group, "id"));
    if (!is_active(group) || served.contains(text(group, "id"))) continue;
    const std::string what = fmt::format("group {}: has no active account", text(group, "name"));
    if (used.empty()) {
      visit.warn(what, "give it one, or delete it");
    } else {
      visit.fail(fmt::format("{}, but keys ({})", what, used.mapped()), "put an account into it");
    }
  }
  for (const auto& [id, count] : keys_of) {
    if (!id.empty())
      visit.warn(fmt::format("{} keys are of the deleted group {}", count, id), "give them another group");
  }
  visit.end_of_check(before, fmt::format("groups: {}, each with an account", groups->size()));
}

void check_prices(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* prices = visit.rows("ListPrices");
  const Rows* accounts = visit.rows("ListAccounts");
  if (prices == nullptr || accounts == nullptr) return;
  std::set<std::string> priced;
  for (const auto& price : *prices) {
    if (moment(price, "effective_at").value_or(SystemTime{}) <= visit.now()) priced.insert(text(price, "model"));
  }
  std::set<std::string> unpriced;
  for (const auto& account : *accounts) {
    if (!is_active(account)) continue;
    for (std::string& model : texts(account, "models")) {
      if (model.find('*') == std::string::npos && !priced.contains(model)) unpriced.insert(std::move(model));
    }
  }
  for (const std::string& model : unpriced)
    visit.warn(fmt::format("model {}: has no price", model), "add one: it is not served without");
  if (priced.empty()) visit.warn("prices: there are none", "add some, or import a price map");
  visit.end_of_check(before, fmt::format("prices: of {} models, none missing", priced.size()));
}

}  // namespace sluice::sluicectl::doctor
