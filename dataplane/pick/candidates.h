// Which accounts may serve a call: the key's group is a hard boundary; within it an account must be active, known to
// this build, hold a live credential and serve the model. Plain code on an immutable snapshot.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/snapshot/snapshot.h"

namespace sluice::pick {

struct Candidate {
  const snapshot::AccountEntry* account = nullptr;
  const snapshot::CredentialEntry* credential = nullptr;
};

// Best first: by priority (lower is first), equals in random order. `model` empty: any model.
[[nodiscard]] std::vector<Candidate> candidates(const snapshot::Snapshot& snapshot, std::string_view group_id,
                                                std::string_view provider, std::string_view model, SystemTime now);

}  // namespace sluice::pick
