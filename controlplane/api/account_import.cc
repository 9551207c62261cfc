#include "controlplane/api/account_import.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/base/uuid.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/egress_proxies.h"
#include "controlplane/store/groups.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

using Key = std::pair<std::string, std::string>;  // provider and name

// What is here, by name.
struct Here {
  std::multimap<Key, store::Account> accounts;
  std::multimap<std::string, std::string> groups;   // ids
  std::multimap<std::string, std::string> proxies;  // ids
};

template <class List, class Take>
Result<> each_row(List list, Take take) {
  store::PageRequest page{.size = 500, .cursor = {}};
  do {
    auto found = list(page);
    if (!found) return std::unexpected(found.error());
    for (auto& row : found->rows) {
      if (row.status != store::Status::kDeleted) take(std::move(row));
    }
    page.cursor = std::move(found->next);
  } while (!page.cursor.empty());
  return {};
}

Result<Here> what_is_here(db::Transaction& tx) {
  Here here;
  Result<> read = each_row([&](const auto& page) { return store::list_accounts(tx, page); },
                           [&](store::Account row) {
                             Key key{row.provider, row.name};
                             here.accounts.emplace(std::move(key), std::move(row));
                           });
  if (!read) return std::unexpected(read.error());
  read = each_row([&](const auto& page) { return store::list_groups(tx, page); },
                  [&](const store::Group& row) { here.groups.emplace(row.name, row.id); });
  if (!read) return std::unexpected(read.error());
  read = each_row([&](const auto& page) { return store::list_egress_proxies(tx, page); },
                  [&](const store::EgressProxy& row) { here.proxies.emplace(row.name, row.id); });
  if (!read) return std::unexpected(read.error());
  return here;
}

std::optional<std::string> only(const std::multimap<std::string, std::string>& ids, const std::string& name) {
  if (ids.count(name) != 1) return std::nullopt;
  return ids.find(name)->second;
}

// Names become ids of this installation. False: a conflict.
bool place(const v1::BundledAccount& item, const Here& here, v1::Account& account, v1::AccountImport& report) {
  account.clear_group_ids();
  account.clear_egress_proxy_ids();
  for (const std::string& name : item.group_names()) {
    if (const auto id = only(here.groups, name))
      account.add_group_ids(*id);
    else
      report.add_notes("left out of the group " + name + ": there is not exactly one of that name here");
  }
  // Without its proxy an account would begin to connect directly.
  for (const std::string& name : item.egress_proxy_names()) {
    const auto id = only(here.proxies, name);
    if (!id) {
      report.add_notes("make the egress proxy " + name + " first: there is not exactly one of that name here");
      return false;
    }
    account.add_egress_proxy_ids(*id);
  }
  return true;
}

// Of an account that comes without one: it must not stay for another host.
Result<> drop_credential(Call& call, const store::Account& row) {
  auto dropped = store::delete_credential(call.tx, row.id);
  if (!dropped && dropped.error().code != ErrorCode::kNotFound) return std::unexpected(dropped.error());
  return {};
}

Result<> write(Call& call, const CredentialTools& tools, const v1::BundledAccount& item, const v1::Account& account,
               const store::Account* old) {
  store::Account row = old != nullptr ? *old : store::Account{};
  if (old == nullptr) row.id = Uuid::generate(call.clock.now()).to_string();
  if (Result<> valid = from_message(account, row); !valid) return valid;
  if (auto host = tools.guard.check(row.base_url); !host) return std::unexpected(host.error());
  v1::Account before;
  if (old != nullptr) {
    if (Result<> filled = to_message(call, *old, before); !filled) return filled;
  }
  auto stored = old != nullptr ? store::update_account(call.tx, row) : store::insert_account(call.tx, row);
  if (!stored) return std::unexpected(stored.error());
  if (item.has_credential()) {
    if (Result<> put = store_credential(call, tools, row.id, row.base_url, item.credential()); !put) return put;
  } else if (old != nullptr && old->base_url != row.base_url) {
    if (Result<> dropped = drop_credential(call, row); !dropped) return dropped;
  }
  v1::Account after;
  if (Result<> filled = to_message(call, *stored, after); !filled) return filled;
  return call.audit("account.import", "account", row.id, old != nullptr ? &before : nullptr, &after);
}

}  // namespace

Result<> import_accounts(Call& call, const CredentialTools& tools, const v1::AccountBundle& bundle,
                         bool update_existing, v1::ImportAccountsResponse& report) {
  const auto here = what_is_here(call.tx);
  if (!here) return std::unexpected(here.error());
  std::set<Key> seen;
  for (const v1::BundledAccount& item : bundle.accounts()) {
    v1::AccountImport& entry = *report.add_accounts();
    entry.set_name(item.account().name());
    entry.set_provider(item.account().provider());
    entry.set_action("conflict");
    const Key key{entry.provider(), entry.name()};
    const std::size_t matches = here->accounts.count(key);
    if (!seen.insert(key).second) {
      entry.add_notes("the export has another one of this name and provider");
    } else if (matches > 1) {
      entry.add_notes("there are several of this name and provider here");
    } else if (matches == 1 && !update_existing) {
      entry.add_notes("it is here already; set update_existing to change it");
    } else if (v1::Account account = item.account(); place(item, *here, account, entry)) {
      const store::Account* old = matches == 1 ? &here->accounts.find(key)->second : nullptr;
      if (Result<> written = write(call, tools, item, account, old); !written) {
        return fail("account " + entry.name(), written.error());
      }
      entry.set_action(old != nullptr ? "update" : "create");
      if (item.credential().has_expires_at()) entry.add_notes("its credential ends; log it in here by OAuth");
    }
  }
  return {};
}

}  // namespace sluice::api
