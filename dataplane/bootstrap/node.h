// The data-plane node: makes every object once, in the order in which they need each other, and takes them down in
// reverse. The only place of the plane that knows all concrete types.
#pragma once

#include <memory>

#include "common/base/status.h"
#include "dataplane/bootstrap/node_config.h"

namespace sluice::bootstrap {

// Runs until SIGTERM or SIGINT, then drains. Returns the process's exit code. Logs what it does.
[[nodiscard]] int run_node(const NodeConfig& config);

}  // namespace sluice::bootstrap
