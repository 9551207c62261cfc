#include "dataplane/request/spending.h"

#include "dataplane/request/estimate.h"

namespace sluice::request {

namespace {

constexpr std::int64_t kLookEvery = kOutputStage / 10;  // tokens

}  // namespace

io::Task<bool> Spending::keep_covered(const protocol::Usage& usage) {
  const std::int64_t output = std::max(usage.output.value_or(0), usage.output_seen);
  if (output < next_look_) co_return true;
  next_look_ = output + kLookEvery;
  const std::int64_t hold = exchange_.permit.hold_nano();
  if (hold == 0) co_return true;
  const std::int64_t cost = cost_so_far(usage, *exchange_.price, exchange_.multiplier_ppm);
  if (cost < hold - hold / 5) co_return true;
  const std::int64_t stage = cost_of_stage(*exchange_.price, exchange_.multiplier_ppm);
  const std::int64_t missing = std::max<std::int64_t>(0, cost - hold);
  const Result<> extended = co_await exchange_.permit.extend(missing + stage);
  co_return extended.has_value();
}

}  // namespace sluice::request
