// A gentle end: no new work, running requests get their time, then an error of their protocol.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "dataplane/bootstrap/worker_runtime.h"

namespace sluice::bootstrap {

// Blocks until all workers are empty, at most `limit` plus a few seconds in which requests are told to end.
void drain(std::vector<std::unique_ptr<WorkerRuntime>>& workers, std::chrono::milliseconds limit);

}  // namespace sluice::bootstrap
