// The calls of all scripts but admit.lua (admit_call.h): a struct of inputs becomes keys and arguments, a reply becomes
// a typed outcome. Plain values and pure functions; any thread. Views and spans are only read while the call is built.
// Parsers answer kDataLoss for a reply that is not one of the script; calls without a parser are fire and forget.
//
// Whatever frees a slot (settle, leave, renew, the waiters' sweep) hands it to the live head of the scope's queue in
// the same script: ZADD of the slot, ZREM from `waiting`, PUBLISH of "<request id> <scope>" on the owner's wake
// channel.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "dataplane/limit/admit_call.h"
#include "dataplane/limit/key_names.h"
#include "dataplane/limit/script_call.h"
#include "dataplane/redis/reply.h"

namespace sluice::limit {

// A scope and how many slots it has now. 0, no limit any more: whoever waits gets one.
struct ScopeLimit {
  std::string_view scope = {};
  std::uint32_t limit = 0;
};

// ---- settle.lua: everything that a request gives back; any part may be empty ("release the account only").
struct PurseSettlement {
  std::string_view purse = {};
  std::int64_t hold_micro = 0;    // leaves h:<owner>, extensions included
  std::int64_t actual_micro = 0;  // joins u:<node>
};
struct TokenCorrection {
  std::string_view scope = {};
  std::uint64_t limit = 0;  // tokens per minute; 0: skipped
};
struct SettleAsk {
  std::string_view member = {};
  std::string_view owner = {};
  std::string_view node = {};
  std::chrono::milliseconds lease = kSlotLease;  // of those to whom slots are handed
  std::span<const ScopeLimit> slots = {};        // those that it holds; one that is lost already is not handed on
  std::span<const PurseSettlement> purses = {};  // counted every time: settle once
  std::span<const TokenCorrection> tokens = {};
  std::int64_t token_delta = 0;  // actual - estimate
};
[[nodiscard]] ScriptCall settle_call(const KeyNames& names, const SettleAsk& ask);

// ---- leave.lua: ends waiting in these scopes; a slot that was handed over meanwhile is released and handed on.
// After a grant: give the other queues, not the granted scope.
struct LeaveAsk {
  std::string_view member = {};
  std::chrono::milliseconds lease = kSlotLease;
  std::span<const ScopeLimit> scopes = {};
};
[[nodiscard]] ScriptCall leave_call(const KeyNames& names, const LeaveAsk& ask);

// ---- extend.lua: a larger hold for a running request, in all of its purses or in none.
struct ExtendAsk {
  std::string_view owner = {};
  std::int64_t amount_micro = 0;
  std::span<const PurseAsk> purses = {};
};
struct ExtendOk {};
struct ExtendRefused {
  std::int32_t purse = 0;            // index of the first without room
  std::int64_t available_micro = 0;  // in it, maybe negative
};
using ExtendOutcome = std::variant<ExtendOk, ExtendRefused, AdmitRebuild, AdmitQuarantine>;
[[nodiscard]] ScriptCall extend_call(const KeyNames& names, const ExtendAsk& ask);
[[nodiscard]] Result<ExtendOutcome> parse_extend(const redis::Reply& reply);

// ---- assert.lua: a worker says what it holds, absolutely; repairs the total and drops what silent owners left: holds
// after 10 minutes, unacknowledged spending of a node after 24 hours. Up to kPursesPerCall at a time.
inline constexpr std::size_t kPursesPerCall = 100;
struct PurseClaim {
  std::string_view purse = {};
  std::int64_t bal_micro = 0;
  std::int64_t ver = 0;
  std::int64_t holds_micro = 0;            // of this owner; 0 removes it
  std::int64_t unacknowledged_micro = -1;  // of this node; 0 removes it, -1 leaves it alone
};
struct AssertAsk {
  std::string_view owner = {};
  std::string_view node = {};
  std::span<const PurseClaim> purses = {};
};
// What Redis knows after that, one per purse.
struct PurseState {
  std::int64_t bal_micro = 0;
  std::int64_t ver = 0;
  std::int64_t total_micro = 0;
};
[[nodiscard]] ScriptCall assert_call(const KeyNames& names, const AssertAsk& ask);
[[nodiscard]] Result<std::vector<PurseState>> parse_purses(const redis::Reply& reply);

// ---- acknowledge.lua: the control plane has booked spending of this node. Only by worker 0. Up to kPursesPerCall.
struct PurseAcknowledgement {
  std::string_view purse = {};
  std::int64_t acknowledged_micro = 0;
  std::int64_t bal_micro = 0;
  std::int64_t ver = 0;
};
struct AcknowledgeAsk {
  std::string_view node = {};
  std::span<const PurseAcknowledgement> purses = {};
};
[[nodiscard]] ScriptCall acknowledge_call(const KeyNames& names, const AcknowledgeAsk& ask);

// ---- renew_slots.lua: a worker's heartbeat for the slots that it holds; lost ones are registered again, because their
// requests run whatever Redis remembers. Purges expired slots of those scopes and hands free ones over.
// Up to kMembersPerCall members at a time; a scope may be split.
inline constexpr std::size_t kMembersPerCall = 200;
struct HeldScope {
  std::string_view scope = {};
  std::uint32_t limit = 0;
  std::span<const std::string_view> members = {};
};
struct RenewAsk {
  std::chrono::milliseconds lease = kSlotLease;
  std::span<const HeldScope> scopes = {};
};
[[nodiscard]] ScriptCall renew_slots_call(const KeyNames& names, const RenewAsk& ask);

// ---- waiters.lua: a worker's heartbeat for its waiters; heals lost wake-ups. Before answering it sweeps the scopes:
// purges expired slots and dead waiters, hands free slots over. Up to kMembersPerCall waiters at a time.
struct WaiterAsk {
  std::string_view member = {};
  std::span<const std::uint32_t> scopes = {};  // indexes into WaitersAsk::scopes
};
struct WaitersAsk {
  std::chrono::milliseconds lease = kSlotLease;
  std::span<const ScopeLimit> scopes = {};  // each once
  std::span<const WaiterAsk> waiters = {};
};
struct WaiterState {
  enum class Kind : std::uint8_t {
    kLost,     // Redis does not know it any more, or it was silent for a lease: ask again with the ticket
    kWaiting,  // renewed
    kGranted,  // holds a slot of `scope`
  };
  Kind kind = Kind::kLost;
  std::uint32_t scope = 0;  // kGranted: index into WaitersAsk::scopes
};
[[nodiscard]] ScriptCall waiters_call(const KeyNames& names, const WaitersAsk& ask);
// One per waiter.
[[nodiscard]] Result<std::vector<WaiterState>> parse_waiters(const redis::Reply& reply);

// ---- found.lua: makes sure that there is an epoch of this run of Redis; a new one begins with a quarantine, in which
// those who hold something say so while nothing is admitted. Call it at every (re)connect and after AdmitRebuild.
struct FoundAsk {
  std::string_view epoch_id = {};  // for a new one; unique, without colon
  std::string_view run_id = {};    // of this Redis (INFO server: run_id), read over the same connection
  std::chrono::milliseconds quarantine{10'000};
};
struct FoundOutcome {
  std::string epoch_id;
  std::chrono::milliseconds until{0};  // end of the quarantine, Redis time since 1970
  std::chrono::milliseconds now{0};    // Redis time
  bool changed = false;                // by this call
};
[[nodiscard]] ScriptCall found_call(const KeyNames& names, const FoundAsk& ask);
[[nodiscard]] Result<FoundOutcome> parse_found(const redis::Reply& reply);

}  // namespace sluice::limit
