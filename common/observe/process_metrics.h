// What every program reports about itself: start time, build, memory, file descriptors, CPU time.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/observe/metrics.h"

namespace sluice::observe {

// Once per registry, at start. `version` goes into sluice_build_info.
void add_process_metrics(MetricsRegistry& registry, const std::string& program, const std::string& version,
                         SystemTime started);

}  // namespace sluice::observe
