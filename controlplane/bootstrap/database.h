// Getting to a database of this build's schema, however long the server is away.
#pragma once

#include <atomic>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::bootstrap {

// Connects and migrates; while the server is away tries again, with back-off and a log line. kCancelled once `stopping`
// is set; any other error is final (a checksum mismatch, a newer schema, a wrong password).
[[nodiscard]] Result<> prepare_database(const Secret& conninfo, const std::atomic<bool>& stopping);

}  // namespace sluice::bootstrap
