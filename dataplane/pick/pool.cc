#include "dataplane/pick/pool.h"

#include <algorithm>

namespace sluice::pick {

std::string_view name(Skip skip) {
  constexpr std::array<std::string_view, 12> kNames{
      "",           "inactive",      "other_provider",     "model_not_served",
      "not_routed", "no_credential", "credential_expired", "no_egress_proxy",
      "tried",      "blocked",       "soft_blocked",       "full"};
  return kNames[static_cast<std::size_t>(skip)];
}

bool serves(const snapshot::AccountEntry& account, std::string_view model) {
  return model.empty() || account.serves(model);
}

std::string_view upstream_model(const snapshot::AccountEntry& account, std::string_view model) {
  const auto mapped = account.model_mapping.find(model);
  return mapped == account.model_mapping.end() ? std::string_view() : std::string_view(mapped->second);
}

Skip unfit(const snapshot::AccountEntry& account, std::string_view provider, std::string_view model,
           const snapshot::ModelRoute* route) {
  if (!account.active) return Skip::kInactive;
  if (account.provider != provider) return Skip::kOtherProvider;
  if (!serves(account, model)) return Skip::kModelNotServed;
  return route == nullptr || std::ranges::binary_search(route->account_ids, account.id) ? Skip::kNone
                                                                                        : Skip::kNotRouted;
}

Pool::Pool(std::span<const snapshot::AccountEntry* const> accounts, std::string_view provider, std::string_view model,
           const snapshot::ModelRoute* route)
    : group_size_(accounts.size()), route_(route) {
  for (const snapshot::AccountEntry* account : accounts) {
    if (const Skip skip = unfit(*account, provider, model, route); skip != Skip::kNone) {
      if (unfit_.size() < kNamedUnfit) unfit_.push_back({account, skip});
      continue;
    }
    if (!fit_.empty() && fit_.back()->priority != account->priority) ends_.push_back(fit_.size());
    fit_.push_back(account);
  }
  if (!fit_.empty()) ends_.push_back(fit_.size());
}

}  // namespace sluice::pick
