// THE STRAIGHT PATH of a request: read serve.cc first. Each step is a function in a file of the same name.
#pragma once

#include "common/io/stream.h"
#include "common/io/task.h"
#include "dataplane/request/services.h"

namespace sluice::request {

// Serves one client connection until it ends. `services` outlives the task.
[[nodiscard]] io::Task<> serve(Services& services, io::Stream stream);

}  // namespace sluice::request
