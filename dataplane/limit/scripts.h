// The Lua scripts of scripts/, compiled in (embed_scripts.cmake). Any thread.
#pragma once

#include "dataplane/redis/script.h"

namespace sluice::limit {

[[nodiscard]] const redis::Script& acquire_script();
[[nodiscard]] const redis::Script& renew_script();

}  // namespace sluice::limit
