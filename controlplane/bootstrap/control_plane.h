// The control plane: makes every object once, in the order in which they need each other, and takes them down in
// reverse. The only place of the plane that knows all concrete types.
#pragma once

#include "controlplane/bootstrap/control_config.h"

namespace sluice::bootstrap {

// Brings the database to this build's schema and returns. Waits for a database that is away, saying so.
[[nodiscard]] int migrate_only(const ControlConfig& config);

// Seals again, under the newest key, what an older one sealed. Safe beside running replicas; may be begun again. Not 0
// if something could not be opened.
[[nodiscard]] int rotate_keys(const ControlConfig& config);

// Migrates, then runs until SIGTERM or SIGINT. Returns the process's exit code.
[[nodiscard]] int run_control_plane(const ControlConfig& config);

}  // namespace sluice::bootstrap
