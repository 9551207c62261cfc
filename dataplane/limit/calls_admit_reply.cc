#include "dataplane/limit/admit_call.h"
#include "dataplane/limit/reply_reader.h"

namespace sluice::limit {

namespace {

using std::chrono::milliseconds;

std::vector<CandidateLoad> read_loads(ReplyReader& in) {
  std::vector<CandidateLoad> loads;
  loads.reserve(in.left() / 2);
  while (in.ok() && in.left() > 0) {
    CandidateLoad load;
    load.running = static_cast<std::int32_t>(in.number());
    load.waiting = static_cast<std::int32_t>(in.number());
    loads.push_back(load);
  }
  return loads;
}

AdmitOutcome read_granted(ReplyReader& in) {
  AdmitGranted granted;
  granted.candidate = static_cast<std::int32_t>(in.number());
  granted.by = static_cast<ChosenBy>(in.number_up_to(static_cast<std::int64_t>(ChosenBy::kHandedOver)));
  granted.loads = read_loads(in);
  return granted;
}

AdmitOutcome read_waiting(ReplyReader& in) {
  AdmitWaiting waiting;
  waiting.for_what = static_cast<WaitFor>(in.number_up_to(static_cast<std::int64_t>(WaitFor::kSticky)));
  waiting.ticket = in.number();
  waiting.position = in.number();
  waiting.sticky = static_cast<std::int32_t>(in.number());
  waiting.queues = static_cast<std::uint32_t>(in.number());
  waiting.loads = read_loads(in);
  return waiting;
}

AdmitOutcome read_refused(ReplyReader& in) {
  AdmitRefused refused;
  refused.why = static_cast<Refusal>(in.number_up_to(static_cast<std::int64_t>(Refusal::kAccounts)));
  refused.purse = static_cast<std::int32_t>(in.number());
  refused.limit = in.number();
  refused.current = in.number();
  refused.retry_after = milliseconds(in.number());
  refused.loads = read_loads(in);
  return refused;
}

AdmitOutcome read_quarantine(ReplyReader& in) {
  const milliseconds until(in.number());
  const milliseconds now(in.number());
  return AdmitQuarantine{until, until - now};
}

}  // namespace

Result<AdmitOutcome> parse_admit(const redis::Reply& reply) {
  ReplyReader in(reply);
  const std::string_view kind = in.text();
  if (kind == "granted") return in.finish(read_granted(in), "admit");
  if (kind == "waiting") return in.finish(read_waiting(in), "admit");
  if (kind == "refused") return in.finish(read_refused(in), "admit");
  if (kind == "all_full") return in.finish(AdmitOutcome(AdmitAllFull{read_loads(in)}), "admit");
  if (kind == "elsewhere") return in.finish(AdmitOutcome(AdmitStickyElsewhere{std::string(in.text())}), "admit");
  if (kind == "rebuild") return in.finish(AdmitOutcome(AdmitRebuild{}), "admit");
  if (kind == "quarantine") return in.finish(read_quarantine(in), "admit");
  return fail(ErrorCode::kDataLoss, "unexpected reply of the script admit");
}

}  // namespace sluice::limit
