#include "controlplane/identity/roles.h"

#include <cstdlib>

namespace sluice::identity {

namespace {

// All but what only an owner may do: change owners. Who may not cannot become one either (api/staff_rules.h).
Scopes admin() {
  std::vector<std::string> names;
  for (const std::string_view name : Scopes::names()) {
    if (name != "owners.write") names.emplace_back(name);
  }
  return *Scopes::parse(names);
}

}  // namespace

Scopes scopes_of(store::Role role) {
  switch (role) {
    case store::Role::kOwner:
      return Scopes::all();
    case store::Role::kAdmin:
      return admin();
    case store::Role::kOperator:
      return {"self",        "accounts.read", "accounts.write", "groups.read",   "groups.write",      "proxies.read",
              "oauth.read",  "oauth.write",   "proxies.write",  "nodes.read",    "nodes.write",       "jobs.read",
              "jobs.write",  "alerts.read",   "alerts.write",   "requests.read", "usage.read",        "users.read",
              "prices.read", "api_keys.read", "settings.read",  "mail.read",     "subscriptions.read"};
    case store::Role::kFinance:
      return {"self",        "prices.read",        "prices.write",        "ledger.read",       "ledger.write",
              "usage.read",  "subscriptions.read", "subscriptions.write", "redeem_codes.read", "redeem_codes.write",
              "usage.write", "users.read",         "groups.read",         "api_keys.read"};
    case store::Role::kSupport:
      return {"self",          "users.read",    "users.write", "api_keys.read",      "api_keys.write",
              "usage.read",    "ledger.read",   "groups.read", "subscriptions.read", "redeem_codes.read",
              "requests.read", "accounts.read", "prices.read"};
    case store::Role::kReadOnly:
      return {"self", "*.read"};
    case store::Role::kUser:
      return {"self"};
  }
  std::abort();
}

}  // namespace sluice::identity
