// The indexes of the builder: keys by HMAC at once, groups and models once at the end.
#include <algorithm>
#include <tuple>

#include "dataplane/snapshot/builder.h"

namespace sluice::snapshot {

namespace {

// The entries of `old` that were not touched, and the touched ones that are still there.
template <class Entry>
std::vector<const Entry*> merge(const std::vector<const Entry*>* old,
                                const std::map<std::string, const Entry*>& touched) {
  std::vector<const Entry*> out;
  if (old != nullptr) {
    std::ranges::copy_if(*old, std::back_inserter(out),
                         [&](const Entry* entry) { return !touched.contains(entry->id); });
  }
  for (const auto& [id, entry] : touched) {
    if (entry != nullptr) out.push_back(entry);
  }
  return out;
}

bool has_previous(const KeyEntry& key) {
  return key.rules != nullptr && !key.rules->previous_hmac.empty();
}

}  // namespace

void Builder::unindex(const Row<KeyEntry>& row) {
  next_->keys_by_hmac.erase(row.entry.hmac);
  if (has_previous(row.entry)) next_->keys_by_previous_hmac.erase(row.entry.rules->previous_hmac);
}

// Its routes are part of the index of accounts.
void Builder::unindex(const Row<GroupEntry>& row) {
  if (!row.entry.model_routes.empty()) touched_groups_[row.entry.id];
}

void Builder::unindex(const Row<AccountEntry>& row) {
  for (const std::string& group : row.entry.group_ids)
    touched_groups_[group][row.entry.id] = nullptr;
}

void Builder::unindex(const Row<PriceEntry>& row) {
  touched_models_[row.entry.model][row.entry.id] = nullptr;
}

void Builder::index(const std::shared_ptr<const Row<KeyEntry>>& row) {
  next_->keys_by_hmac.put(row);
  if (has_previous(row->entry)) next_->keys_by_previous_hmac.put(row);
}

void Builder::index(const std::shared_ptr<const Row<GroupEntry>>& row) {
  if (!row->entry.model_routes.empty()) touched_groups_[row->entry.id];
}

void Builder::index(const std::shared_ptr<const Row<AccountEntry>>& row) {
  for (const std::string& group : row->entry.group_ids)
    touched_groups_[group][row->entry.id] = &row->entry;
}

void Builder::index(const std::shared_ptr<const Row<PriceEntry>>& row) {
  touched_models_[row->entry.model][row->entry.id] = &row->entry;
}

void Builder::rebuild_groups() {
  for (const auto& [id, touched] : touched_groups_) {
    const GroupAccounts* old = next_->accounts_by_group.find(id);
    auto group = std::make_shared<GroupAccounts>();
    group->group_id = id;
    if (const Row<GroupEntry>* row = next_->groups.find(id)) group->routes = row->entry.model_routes;
    group->accounts = merge(old == nullptr ? nullptr : &old->accounts, touched);
    std::ranges::sort(group->accounts, [](const AccountEntry* a, const AccountEntry* b) {
      return std::tie(a->priority, a->id) < std::tie(b->priority, b->id);
    });
    if (group->accounts.empty()) {
      next_->accounts_by_group.erase(id);
    } else {
      next_->accounts_by_group.put(std::move(group));
    }
  }
}

void Builder::rebuild_models() {
  for (const auto& [name, touched] : touched_models_) {
    const ModelPrices* old = next_->prices_by_model.find(name);
    auto model = std::make_shared<ModelPrices>();
    model->model = name;
    model->prices = merge(old == nullptr ? nullptr : &old->prices, touched);
    std::ranges::sort(model->prices, [](const PriceEntry* a, const PriceEntry* b) {
      return std::tie(b->effective_at, b->id) < std::tie(a->effective_at, a->id);
    });
    if (model->prices.empty()) {
      next_->prices_by_model.erase(name);
    } else {
      next_->prices_by_model.put(std::move(model));
    }
  }
}

}  // namespace sluice::snapshot
