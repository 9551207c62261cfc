#include <algorithm>

#include "dataplane/limit/admit_call.h"
#include "dataplane/limit/call_builder.h"
#include "dataplane/limit/scripts.h"

namespace sluice::limit {

namespace {

// As admit.lua reads them.
enum Flag : unsigned { kMayWait = 1, kAdmitted = 2, kYieldSticky = 4, kIgnoreSticky = 8, kSticky = 16 };

unsigned flags_of(const AdmitAsk& ask) {
  return (ask.may_wait ? kMayWait : 0U) | (ask.admitted_already ? kAdmitted : 0U) |
         (ask.yield_sticky ? kYieldSticky : 0U) | (ask.ignore_sticky ? kIgnoreSticky : 0U) |
         (ask.sticky.empty() ? 0U : kSticky);
}

void add_scope(CallBuilder& call, const KeyNames& names, const ScopeAsk& ask) {
  if (ask.concurrency > 0) call.slots_and_queue(names, ask.scope);
  if (ask.requests > 0) call.key(names.request_rate(ask.scope));
  if (ask.tokens > 0) call.key(names.token_rate(ask.scope));
  if (ask.concurrency > 0) call.text(ask.scope);
  call.packed(ask.concurrency).packed(ask.requests).packed(ask.tokens);
}

void add_candidate(CallBuilder& call, const KeyNames& names, const CandidateAsk& candidate) {
  if (candidate.concurrency > 0) {
    call.slots_and_queue(names, std::string("account:").append(candidate.account));
  }
  call.text(candidate.account).packed(candidate.concurrency).packed(candidate.priority).packed(candidate.weight);
}

}  // namespace

ScriptCall admit_call(const KeyNames& names, const AdmitAsk& ask) {
  const auto candidates = ask.candidates.first(std::min(ask.candidates.size(), kMaxCandidates));
  CallBuilder call(admit_script(), 12 + ask.purses.size() + 2 * candidates.size(), 6 + candidates.size());
  call.key(names.epoch()).key(names.waiting()).key(names.used());
  if (!ask.sticky.empty()) call.key(names.sticky(ask.sticky));
  call.packs_numbers().text(ask.member).text(ask.owner).text(names.wake_prefix());
  call.packed(ask.lease).packed(flags_of(ask)).packed(ask.ticket).packed(ask.tokens).packed(ask.hold_micro);
  call.packed(ask.max_waiting_scope).packed(ask.max_waiting_account);
  call.packed(ask.sticky_ttl).packed(ask.sticky_waiting);
  // What is charged already is not asked for again.
  add_scope(call, names, ask.admitted_already ? ScopeAsk{} : ask.user);
  add_scope(call, names, ask.admitted_already ? ScopeAsk{} : ask.key);
  const auto purses = ask.admitted_already ? std::span<const PurseAsk>() : ask.purses;
  call.packed(purses.size());
  for (const PurseAsk& purse : purses) {
    call.key(names.purse(purse.purse)).packed(purse.limit_micro).packed(purse.bal_micro).packed(purse.ver);
  }
  call.packed(candidates.size());
  for (const CandidateAsk& candidate : candidates)
    add_candidate(call, names, candidate);
  return call.take();
}

std::string_view name(ChosenBy by) {
  switch (by) {
    case ChosenBy::kNone:
      return "none";
    case ChosenBy::kSticky:
      return "sticky";
    case ChosenBy::kOnlyCandidate:
      return "only_candidate";
    case ChosenBy::kLowestPriority:
      return "lowest_priority";
    case ChosenBy::kLowestLoad:
      return "lowest_load";
    case ChosenBy::kLeastRecentlyUsed:
      return "least_recently_used";
    case ChosenBy::kRandom:
      return "random";
    case ChosenBy::kHandedOver:
      return "handed_over";
  }
  return "none";
}

std::vector<std::string> sticky_bind_command(const KeyNames& names, std::string_view sticky, std::string_view account,
                                             std::chrono::milliseconds ttl) {
  return {"SET", names.sticky(sticky), std::string(account), "PX", std::to_string(ttl.count())};
}

}  // namespace sluice::limit
