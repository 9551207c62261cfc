// Fills in what an event costs: price lines, multiplier and cost, from its token counts. Pure; any thread.
#pragma once

#include <cstdint>

#include "common/base/status.h"
#include "dataplane/snapshot/entries.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::usage {

// Replaces price_id, price_revision, lines, multiplier_ppm and cost_nano_usd of `event` from event.tokens(). One line
// per kind with a quantity, and one for the request if it has a price. On an error (negative counts or prices, a cost
// beyond int64) the event keeps lines and multiplier and costs 0, so that it can still be recorded and looked into.
[[nodiscard]] Result<> price_event(v1::UsageEvent& event, const snapshot::PriceEntry& price,
                                   std::uint64_t multiplier_ppm);

// cost_nano_usd again from the event's own lines and multiplier.
[[nodiscard]] Result<std::int64_t> cost_of_lines(const v1::UsageEvent& event);

}  // namespace sluice::usage
