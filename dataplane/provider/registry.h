// All providers this build knows. A plain table: self-registering objects get dropped by linkers and hide the list.
#pragma once

#include <string_view>
#include <vector>

#include "dataplane/provider/provider.h"

namespace sluice::provider {

// nullptr if this build does not know it. The provider lives as long as the program.
[[nodiscard]] const Provider* find(std::string_view name);

// "provider:anthropic" and so on, for the control plane.
[[nodiscard]] std::vector<std::string> features();

}  // namespace sluice::provider
