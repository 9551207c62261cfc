#include "dataplane/limit/calls.h"

#include "dataplane/limit/call_builder.h"
#include "dataplane/limit/scripts.h"

namespace sluice::limit {

ScriptCall settle_call(const KeyNames& names, const SettleAsk& ask) {
  CallBuilder call(settle_script(), 2 + 2 * ask.slots.size() + ask.purses.size() + ask.tokens.size(),
                   5 + ask.slots.size());
  call.key(names.waiting()).key(names.used());
  call.packs_numbers().text(ask.member).text(ask.owner).text(ask.node).text(names.wake_prefix());
  call.packed(ask.lease).packed(ask.token_delta).packed(ask.slots.size()).packed(ask.purses.size());
  for (const ScopeLimit& slot : ask.slots)
    call.slots_and_queue(names, slot.scope).text(slot.scope).packed(slot.limit);
  for (const PurseSettlement& purse : ask.purses) {
    call.key(names.purse(purse.purse)).packed(purse.hold_micro).packed(purse.actual_micro);
  }
  if (ask.token_delta == 0) return call.take();
  for (const TokenCorrection& rate : ask.tokens) {
    if (rate.limit > 0) call.key(names.token_rate(rate.scope)).packed(rate.limit);
  }
  return call.take();
}

ScriptCall leave_call(const KeyNames& names, const LeaveAsk& ask) {
  CallBuilder call(leave_script(), 2 + 2 * ask.scopes.size(), 3 + ask.scopes.size());
  call.key(names.waiting()).key(names.used());
  call.packs_numbers().text(ask.member).text(names.wake_prefix()).packed(ask.lease);
  for (const ScopeLimit& scope : ask.scopes) {
    call.slots_and_queue(names, scope.scope).text(scope.scope).packed(scope.limit);
  }
  return call.take();
}

ScriptCall renew_slots_call(const KeyNames& names, const RenewAsk& ask) {
  CallBuilder call(renew_slots_script(), 2 + 2 * ask.scopes.size(), 2 + 4 * ask.scopes.size());
  call.key(names.waiting()).key(names.used()).number(ask.lease).text(names.wake_prefix());
  for (const HeldScope& held : ask.scopes) {
    call.slots_and_queue(names, held.scope).text(held.scope).number(held.limit).number(held.members.size());
    for (const std::string_view member : held.members)
      call.text(member);
  }
  return call.take();
}

ScriptCall waiters_call(const KeyNames& names, const WaitersAsk& ask) {
  CallBuilder call(waiters_script(), 2 + 2 * ask.scopes.size(), 2 + 2 * ask.scopes.size() + 3 * ask.waiters.size());
  call.key(names.waiting()).key(names.used()).number(ask.lease).text(names.wake_prefix());
  for (const ScopeLimit& scope : ask.scopes) {
    call.slots_and_queue(names, scope.scope).text(scope.scope).number(scope.limit);
  }
  for (const WaiterAsk& waiter : ask.waiters) {
    call.text(waiter.member).number(waiter.scopes.size());
    for (const std::uint32_t scope : waiter.scopes)
      call.number(scope);
  }
  return call.take();
}

ScriptCall found_call(const KeyNames& names, const FoundAsk& ask) {
  CallBuilder call(found_script(), 1, 3);
  return call.key(names.epoch()).text(ask.epoch_id).text(ask.run_id).number(ask.quarantine).take();
}

}  // namespace sluice::limit
