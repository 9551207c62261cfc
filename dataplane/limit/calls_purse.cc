#include "dataplane/limit/call_builder.h"
#include "dataplane/limit/calls.h"
#include "dataplane/limit/scripts.h"

namespace sluice::limit {

ScriptCall extend_call(const KeyNames& names, const ExtendAsk& ask) {
  CallBuilder call(extend_script(), 1 + ask.purses.size(), 2 + 3 * ask.purses.size());
  call.key(names.epoch()).text(ask.owner).number(ask.amount_micro);
  for (const PurseAsk& purse : ask.purses) {
    call.key(names.purse(purse.purse)).number(purse.limit_micro).number(purse.bal_micro).number(purse.ver);
  }
  return call.take();
}

ScriptCall assert_call(const KeyNames& names, const AssertAsk& ask) {
  CallBuilder call(assert_script(), ask.purses.size(), 2 + 4 * ask.purses.size());
  call.text(ask.owner).text(ask.node);
  for (const PurseClaim& purse : ask.purses) {
    call.key(names.purse(purse.purse)).number(purse.bal_micro).number(purse.ver);
    call.number(purse.holds_micro).number(purse.unacknowledged_micro);
  }
  return call.take();
}

ScriptCall acknowledge_call(const KeyNames& names, const AcknowledgeAsk& ask) {
  CallBuilder call(acknowledge_script(), ask.purses.size(), 1 + 3 * ask.purses.size());
  call.text(ask.node);
  for (const PurseAcknowledgement& purse : ask.purses) {
    call.key(names.purse(purse.purse)).number(purse.acknowledged_micro).number(purse.bal_micro).number(purse.ver);
  }
  return call.take();
}

}  // namespace sluice::limit
