// Looks at everything an operator would look at, and says what to do about what it finds. Changes nothing. One thread.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/sluicectl/client.h"

namespace sluice::sluicectl {

enum class Grade : std::uint8_t { kOk, kWarn, kFail };

struct Finding {
  Grade grade = Grade::kOk;
  std::string what;    // "account claude-1: has no credential"
  std::string remedy;  // empty for kOk
};

// In the order of the checks; every check leaves at least one finding. `now` is this machine's time.
[[nodiscard]] std::vector<Finding> examine(const Client& client, const Profile& profile, SystemTime now);

[[nodiscard]] Grade worst(const std::vector<Finding>& findings);
// One line each.
[[nodiscard]] std::string report(const std::vector<Finding>& findings);

}  // namespace sluice::sluicectl
