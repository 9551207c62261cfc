// The Lua scripts by which workers share what they know (health_share.h). All use one hash: "<account>|<model>" -> text
// (health_text.h). Time is Redis' own. Any thread.
#pragma once

#include "dataplane/redis/script.h"

namespace sluice::pick {

// Writes down blocks and publishes them; one that is known already, or that is shorter or softer than what is known,
// changes nothing. KEYS: health. ARGV: channel, number of the reason AUTH_FAILED; per block: field, text. Answers with
// the texts that are known instead.
[[nodiscard]] const redis::Script& tell_blocks_script();
// Removes a soft block that ends no later than stated, and publishes that. KEYS: health. ARGV: channel, number of the
// reason AUTH_FAILED, field, text, until in ms, credential revision.
[[nodiscard]] const redis::Script& tell_end_script();
// All blocks that last; the others are removed. KEYS: health.
[[nodiscard]] const redis::Script& live_blocks_script();

}  // namespace sluice::pick
