#include "dataplane/limit/calls.h"
#include "dataplane/limit/reply_reader.h"

namespace sluice::limit {

using std::chrono::milliseconds;

Result<ExtendOutcome> parse_extend(const redis::Reply& reply) {
  ReplyReader in(reply);
  const std::string_view kind = in.text();
  if (kind == "ok") return in.finish(ExtendOutcome(ExtendOk{}), "extend");
  if (kind == "rebuild") return in.finish(ExtendOutcome(AdmitRebuild{}), "extend");
  const std::int64_t first = in.number();
  const std::int64_t second = in.number();
  if (kind == "quarantine") {
    return in.finish(ExtendOutcome(AdmitQuarantine{milliseconds(first), milliseconds(first - second)}), "extend");
  }
  if (kind != "refused") return fail(ErrorCode::kDataLoss, "unexpected reply of the script extend");
  return in.finish(ExtendOutcome(ExtendRefused{static_cast<std::int32_t>(first), second}), "extend");
}

Result<std::vector<PurseState>> parse_purses(const redis::Reply& reply) {
  ReplyReader in(reply);
  std::vector<PurseState> purses;
  purses.reserve(in.left() / 3);
  while (in.ok() && in.left() > 0) {
    PurseState purse;
    purse.bal_micro = in.number();
    purse.ver = in.number();
    purse.total_micro = in.number();
    purses.push_back(purse);
  }
  return in.finish(std::move(purses), "assert");
}

Result<std::vector<WaiterState>> parse_waiters(const redis::Reply& reply) {
  constexpr std::int64_t kWaiting = -2;  // -1: lost
  ReplyReader in(reply);
  std::vector<WaiterState> states;
  states.reserve(in.left());
  while (in.ok() && in.left() > 0) {
    const std::int64_t code = in.number();
    WaiterState state;
    if (code == kWaiting) state.kind = WaiterState::Kind::kWaiting;
    if (code >= 0) state = {WaiterState::Kind::kGranted, static_cast<std::uint32_t>(code)};
    if (code < kWaiting) return fail(ErrorCode::kDataLoss, "unexpected reply of the script waiters");
    states.push_back(state);
  }
  return in.finish(std::move(states), "waiters");
}

Result<FoundOutcome> parse_found(const redis::Reply& reply) {
  ReplyReader in(reply);
  FoundOutcome found;
  found.epoch_id = in.text();
  found.until = milliseconds(in.number());
  found.now = milliseconds(in.number());
  found.changed = in.number_up_to(1) == 1;
  return in.finish(std::move(found), "found");
}

}  // namespace sluice::limit
