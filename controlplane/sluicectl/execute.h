// Does what a plan says, step by step, and stops at the first step that fails. One thread.
#pragma once

#include <functional>
#include <string>

#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/plan.h"

namespace sluice::sluicectl {

struct Outcome {
  std::size_t done = 0;  // steps
  Result<> result;       // why the step after them failed; its message begins with the step
};

// `say` gets a line per step that was done. A step whose object was changed after the plan was made fails: its etag is
// stale, and nothing of it is done.
[[nodiscard]] Outcome execute(const Client& client, Plan plan, const std::function<void(const std::string&)>& say);

}  // namespace sluice::sluicectl
