// What a Snapshot is made of. For the builder, the disk copy and tests; the request path uses snapshot.h alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/resource/digest.h"
#include "dataplane/snapshot/entries.h"
#include "dataplane/snapshot/sharded_map.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::snapshot {

// An entry with the resource it was decoded from, which the disk copy and the digest need.
template <class Entry>
struct Row {
  Entry entry;
  std::uint64_t revision = 0;
  config::v1::State state = config::v1::STATE_UNSPECIFIED;
  resource::ResourceHash hash{};
  std::string payload;  // entry may view into it: a row never moves
  std::string moment;
};

struct ById {
  template <class Entry>
  std::string_view operator()(const Row<Entry>& row) const {
    return row.entry.id;
  }
};
struct ByHmac {
  std::string_view operator()(const Row<KeyEntry>& row) const { return row.entry.hmac; }
};

struct ByPreviousHmac {
  std::string_view operator()(const Row<KeyEntry>& row) const { return row.entry.rules->previous_hmac; }
};

// The accounts of one group. The rows belong to the accounts table of the same Tables.
struct GroupAccounts {
  std::string group_id;
  std::vector<const AccountEntry*> accounts;  // by priority, then id
  std::vector<ModelRoute> routes;             // of the group's entry; the first that matches holds

  // Null: all of them may serve the model.
  [[nodiscard]] const ModelRoute* route(std::string_view model) const {
    const auto found =
        std::ranges::find_if(routes, [model](const ModelRoute& one) { return matches(one.model, model); });
    return found == routes.end() ? nullptr : &*found;
  }
};
struct ByGroup {
  std::string_view operator()(const GroupAccounts& group) const { return group.group_id; }
};

// The prices of one model. The rows belong to the prices table of the same Tables.
struct ModelPrices {
  std::string model;
  std::vector<const PriceEntry*> prices;  // newest effective_at first, then id descending
};
struct ByModel {
  std::string_view operator()(const ModelPrices& model) const { return model.model; }
};

// A received resource that did not validate. Kept to be counted in the digest, named in Hello, and tried again by a
// newer build.
struct Rejected {
  config::v1::Resource resource;
  std::string reason;
  resource::ResourceHash hash{};
};
using ResourceKey = std::pair<config::v1::Kind, std::string>;
using RejectedMap = std::map<ResourceKey, Rejected>;

template <class Entry>
using Table = ShardedMap<Row<Entry>, ById>;

struct Tables {
  std::string epoch;
  std::uint64_t number = 0;
  resource::Digest digest;
  std::string digest_bytes = resource::Digest().bytes();
  std::size_t count = 0;          // live resources, rejected ones included
  std::size_t payload_bytes = 0;  // of good and rejected resources

  Table<SettingsEntry> settings;
  Table<UserEntry> users;
  Table<KeyEntry> keys;
  Table<GroupEntry> groups;
  Table<AccountEntry> accounts;
  Table<CredentialEntry> credentials;
  Table<EgressProxyEntry> egress_proxies;
  Table<PriceEntry> prices;

  ShardedMap<Row<KeyEntry>, ByHmac> keys_by_hmac;
  ShardedMap<Row<KeyEntry>, ByPreviousHmac> keys_by_previous_hmac;  // those that replaced another
  ShardedMap<GroupAccounts, ByGroup> accounts_by_group;
  ShardedMap<ModelPrices, ByModel> prices_by_model;
  std::shared_ptr<const RejectedMap> rejected = std::make_shared<const RejectedMap>();
};

// Calls `visit(kind, row)` for every good row.
template <class F>
void for_each_row(const Tables& tables, F&& visit) {
  tables.settings.for_each([&](const auto& row) { visit(config::v1::KIND_SETTINGS, row); });
  tables.users.for_each([&](const auto& row) { visit(config::v1::KIND_USER, row); });
  tables.keys.for_each([&](const auto& row) { visit(config::v1::KIND_API_KEY, row); });
  tables.groups.for_each([&](const auto& row) { visit(config::v1::KIND_GROUP, row); });
  tables.accounts.for_each([&](const auto& row) { visit(config::v1::KIND_ACCOUNT, row); });
  tables.credentials.for_each([&](const auto& row) { visit(config::v1::KIND_CREDENTIAL, row); });
  tables.egress_proxies.for_each([&](const auto& row) { visit(config::v1::KIND_EGRESS_PROXY, row); });
  tables.prices.for_each([&](const auto& row) { visit(config::v1::KIND_PRICE, row); });
}

}  // namespace sluice::snapshot
