// Usage events as pieces of a file. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "controlplane/usage/events.h"
#include "sluice/admin/v1/usage.pb.h"
#include "sluice/admin/v1/usage_exports.pb.h"

namespace sluice::api {

// Takes away what is the operator's business: which accounts and nodes serve whom, and at what price.
void hide_operation(admin::v1::UsageEvent& event);

// The rows as lines, without the vendors' raw words; `whole`: with the operator's business. `first`: the piece begins
// with the header, if the format has one.
[[nodiscard]] Result<std::string> usage_file(const std::vector<usage::Event>& rows, admin::v1::UsageExportFormat format,
                                             bool whole, bool first);

}  // namespace sluice::api
