// Waits as vendors write them into error bodies. Plain code; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace sluice::provider {

// How long the text at the beginning says, in seconds: "34.5s", "1m2.5s", "2h", "250ms", "20 seconds", "1 minute".
// What follows is not looked at; nothing if there is no unit.
[[nodiscard]] std::optional<double> duration(std::string_view text);

// What Google writes into the details of an error (retryDelay, quotaResetDelay, quotaResetTimeStamp: the latest of
// them), else the first of the sentences of OpenAI, Azure and Google ("try again in 1m2s", "retry in 12.5s",
// "retry after 20 seconds", "reset after 2h7m23s") that states a wait. Within [now + 1 s, now + 7 days].
[[nodiscard]] std::optional<SystemTime> retry_in_body(std::string_view body, SystemTime now);

}  // namespace sluice::provider
