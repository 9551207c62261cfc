// What a request may cost before anyone knows: the money that is held for it and the tokens its rates are charged with.
// Both are put right by what the upstream reports. Plain code.
#pragma once

#include <cstdint>

#include "dataplane/protocol/protocol.h"
#include "dataplane/snapshot/entries.h"

namespace sluice::request {

struct Estimate {
  std::int64_t hold_nano = 0;  // 0: free
  std::uint32_t tokens = 1;
};

// Output that is held for at a time; a longer answer extends its hold while it streams.
inline constexpr std::int64_t kOutputStage = 2'000;

// Input is taken at its upper bound (a token is rarely less than two bytes of JSON) and at its dearest class, output at
// the lesser of max_tokens and one stage.
[[nodiscard]] Estimate estimate(const protocol::Call& call, std::size_t body_bytes, const snapshot::PriceEntry& price,
                                std::uint64_t multiplier_ppm);

// What has been used so far, with the output that passed where it is not reported yet. Saturates.
[[nodiscard]] std::int64_t cost_so_far(const protocol::Usage& usage, const snapshot::PriceEntry& price,
                                       std::uint64_t multiplier_ppm);

// The price of one more stage of output.
[[nodiscard]] std::int64_t cost_of_stage(const snapshot::PriceEntry& price, std::uint64_t multiplier_ppm);

// All tokens of a request, as rates count them.
[[nodiscard]] std::uint32_t total_tokens(const protocol::Usage& usage);

}  // namespace sluice::request
