#include "dataplane/snapshot/snapshot.h"

#include <algorithm>

#include "common/resource/validate.h"
#include "dataplane/snapshot/tables.h"

namespace sluice::snapshot {

namespace {

template <class Entry>
const Entry* entry_of(const Row<Entry>* row) {
  return row == nullptr ? nullptr : &row->entry;
}

std::string_view text_of(std::span<const std::uint8_t, 32> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const PriceEntry* in_effect(const ModelPrices& model, SystemTime at) {
  for (const PriceEntry* price : model.prices) {
    if (price->active && price->effective_at <= at) return price;
  }
  return nullptr;
}

}  // namespace

Snapshot::Snapshot(std::unique_ptr<const Tables> tables) : tables_(std::move(tables)) {}
Snapshot::~Snapshot() = default;

std::shared_ptr<const Snapshot> Snapshot::empty() {
  static const auto instance = std::make_shared<const Snapshot>(std::make_unique<const Tables>());
  return instance;
}

const KeyEntry* Snapshot::find_key(std::span<const std::uint8_t, 32> hmac) const {
  return entry_of(tables_->keys_by_hmac.find(text_of(hmac)));
}

const KeyEntry* Snapshot::find_successor(std::span<const std::uint8_t, 32> hmac, SystemTime at) const {
  const KeyEntry* key = entry_of(tables_->keys_by_previous_hmac.find(text_of(hmac)));
  return key != nullptr && at < key->rules->previous_until ? key : nullptr;
}

const UserEntry* Snapshot::user(std::string_view id) const {
  return entry_of(tables_->users.find(id));
}

const GroupEntry* Snapshot::group(std::string_view id) const {
  return entry_of(tables_->groups.find(id));
}

const AccountEntry* Snapshot::account(std::string_view id) const {
  return entry_of(tables_->accounts.find(id));
}

const EgressProxyEntry* Snapshot::egress_proxy(std::string_view id) const {
  return entry_of(tables_->egress_proxies.find(id));
}

const CredentialEntry* Snapshot::credential(std::string_view account_id) const {
  const CredentialEntry* found = entry_of(tables_->credentials.find(account_id));
  return found == nullptr || !found->active ? nullptr : found;
}

std::span<const AccountEntry* const> Snapshot::accounts_of_group(std::string_view group_id) const {
  const GroupAccounts* found = tables_->accounts_by_group.find(group_id);
  if (found == nullptr) return {};
  return found->accounts;
}

const PriceEntry* Snapshot::price(std::string_view model, SystemTime at) const {
  const ModelPrices* found = tables_->prices_by_model.find(model);
  return found == nullptr ? nullptr : in_effect(*found, at);
}

std::vector<const PriceEntry*> Snapshot::models(SystemTime at) const {
  std::vector<const PriceEntry*> out;
  tables_->prices_by_model.for_each([&](const ModelPrices& model) {
    if (const PriceEntry* price = in_effect(model, at)) out.push_back(price);
  });
  std::ranges::sort(out, {}, &PriceEntry::model);
  return out;
}

const config::v1::Settings& Snapshot::settings() const {
  const SettingsEntry* found = entry_of(tables_->settings.find(resource::kSettingsId));
  return found == nullptr || !found->active ? config::v1::Settings::default_instance() : found->value;
}

std::uint64_t Snapshot::version_number() const {
  return tables_->number;
}

std::string_view Snapshot::epoch() const {
  return tables_->epoch;
}

std::string_view Snapshot::digest() const {
  return tables_->digest_bytes;
}

std::size_t Snapshot::size() const {
  return tables_->count;
}

}  // namespace sluice::snapshot
