// The Lua scripts of scripts/, compiled in (embed_scripts.cmake). Any thread.
#pragma once

#include "dataplane/redis/script.h"

namespace sluice::limit {

[[nodiscard]] const redis::Script& acknowledge_script();
[[nodiscard]] const redis::Script& admit_script();
[[nodiscard]] const redis::Script& assert_script();
[[nodiscard]] const redis::Script& extend_script();
[[nodiscard]] const redis::Script& found_script();
[[nodiscard]] const redis::Script& leave_script();
[[nodiscard]] const redis::Script& renew_slots_script();
[[nodiscard]] const redis::Script& settle_script();
[[nodiscard]] const redis::Script& waiters_script();

}  // namespace sluice::limit
