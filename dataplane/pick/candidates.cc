#include "dataplane/pick/candidates.h"

#include <algorithm>

#include "common/base/random.h"

namespace sluice::pick {

namespace {

bool serves(const snapshot::AccountEntry& account, std::string_view model) {
  return model.empty() || account.models.empty() ||
         std::find(account.models.begin(), account.models.end(), model) != account.models.end();
}

}  // namespace

std::vector<Candidate> candidates(const snapshot::Snapshot& snapshot, std::string_view group_id,
                                  std::string_view provider, std::string_view model, SystemTime now) {
  std::vector<Candidate> found;
  for (const snapshot::AccountEntry* account : snapshot.accounts_of_group(group_id)) {
    if (!account->active || account->provider != provider || !serves(*account, model)) continue;
    const snapshot::CredentialEntry* credential = snapshot.credential(account->id);
    if (credential == nullptr || (credential->expires_at && *credential->expires_at <= now)) continue;
    found.push_back({account, credential});
  }
  // Accounts of one priority share the load evenly.
  for (std::size_t i = found.size(); i > 1; --i)
    std::swap(found[i - 1], found[random_below(i)]);
  std::sort(found.begin(), found.end(),
            [](const Candidate& a, const Candidate& b) { return a.account->priority < b.account->priority; });
  return found;
}

}  // namespace sluice::pick
