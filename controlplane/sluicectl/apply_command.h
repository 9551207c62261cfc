// plan, diff and apply as commands: what they print, ask and answer. Main thread.
#pragma once

#include <string>

#include "controlplane/sluicectl/client.h"

namespace sluice::sluicectl {

struct ApplyOptions {
  std::string path;
  bool dry_run = false;
  bool prune = false;
  bool yes = false;
  bool set_secrets = false;
};

// The exit code.
[[nodiscard]] int apply(const Client& client, const ApplyOptions& options);
// Prints the error on stderr; the exit code for it.
[[nodiscard]] int complain(const Error& error);

}  // namespace sluice::sluicectl
