// The call that admits a request and picks its account, in one round trip (scripts/admit.lua). Plain values and pure
// functions; any thread. Views and spans are only read during admit_call().
//
// What holds afterwards:
//   Granted            the member holds a slot of user, key and account (of those with a limit); rates and holds are
//                      charged; the sticky binding is set; it waits nowhere.
//   Waiting kUser/kKey it holds nothing, a slot handed to it before is handed on; nothing is charged. Ask again with
//                      the ticket once woken.
//   Waiting kAccount/  it holds user and key, rates and holds are charged. Woken, it holds the named account's slot: it
//           kSticky    need not ask again, but leave the other accounts' queues (leave_call) and bind the conversation
//                      (sticky_bind_command). Asking again (`admitted_already`) is also answered, with kHandedOver.
//   Refused            it holds nothing and nothing is charged; with `admitted_already` nothing has changed.
//   all others         nothing has changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "dataplane/limit/key_names.h"
#include "dataplane/limit/script_call.h"
#include "dataplane/redis/reply.h"

namespace sluice::limit {

inline constexpr std::size_t kMaxCandidates = 8;
inline constexpr std::chrono::milliseconds kSlotLease{24'000};

// A user or a key. 0 is unlimited everywhere.
struct ScopeAsk {
  std::string_view scope = {};    // "user:<id>"; unused if there is no limit
  std::uint32_t concurrency = 0;  // requests at a time
  std::uint64_t requests = 0;     // per minute
  std::uint64_t tokens = 0;       // per minute
};

// Where the hold must fit. Available is limit + bal - all holds - all spending not yet acknowledged.
struct PurseAsk {
  std::string_view purse = {};   // "user:<id>" or "key:<id>:<window>"
  std::int64_t limit_micro = 0;  // budget of the window; 0 for a balance
  std::int64_t bal_micro = 0;    // newest that the caller knows: the balance, or minus what the window has spent
  std::int64_t ver = 0;          // version of bal; the higher one wins; below 2^53
};

struct CandidateAsk {
  std::string_view account = {};
  std::uint32_t concurrency = 0;
  std::uint32_t priority = 0;  // lower goes first
  std::uint32_t weight = 100;  // above 0; the load counts as divided by it
};

struct AdmitAsk {
  std::string_view member = {};
  std::string_view owner = {};
  std::chrono::milliseconds lease = kSlotLease;
  ScopeAsk user;
  ScopeAsk key;
  std::uint64_t tokens = 0;     // estimate; a request larger than the limit passes only when nothing is owed
  std::int64_t hold_micro = 0;  // rounded up
  std::span<const PurseAsk> purses = {};
  // At most kMaxCandidates, by ascending priority; none: no account is wanted.
  std::span<const CandidateAsk> candidates = {};
  std::uint32_t max_waiting_scope = 0;  // in the queue of a user or key
  std::uint32_t max_waiting_account = 0;
  std::string_view sticky = {};  // hash of the conversation; empty: none
  std::chrono::milliseconds sticky_ttl{0};
  std::uint32_t sticky_waiting = 0;  // in the queue of the conversation's own account before others are taken

  bool may_wait = false;          // join a queue if there is no place
  bool admitted_already = false;  // holds user, key, rates and purses: pick an account only
  bool yield_sticky = false;      // do not wait for the conversation's account alone any more
  bool ignore_sticky = false;     // the conversation's account cannot be had: take another and bind to that
  std::int64_t ticket = 0;        // of an earlier Waiting, to keep the place; 0: none yet
};

struct CandidateLoad {
  std::int32_t running = -1;  // live slots; -1: not looked at (unlimited, or a better priority had a place)
  std::int32_t waiting = -1;  // in its queue, stale entries included
};

enum class ChosenBy : std::uint8_t {
  kNone,  // no candidates were given
  kSticky,
  kOnlyCandidate,
  kLowestPriority,
  kLowestLoad,
  kLeastRecentlyUsed,
  kRandom,
  kHandedOver,  // a slot of it had been handed to the member while it waited
};
// "sticky", "only_candidate" ...; as decision records name them.
[[nodiscard]] std::string_view name(ChosenBy by);

enum class WaitFor : std::uint8_t { kUser, kKey, kAccount, kSticky };

enum class Refusal : std::uint8_t {
  kUserConcurrency,  // limit: slots, current: slots in use; also when the queue is full
  kKeyConcurrency,
  kUserRequests,  // limit: per minute, current: used of it, retry_after: when this request would pass
  kUserTokens,
  kKeyRequests,
  kKeyTokens,
  kPurse,     // limit: limit_micro, current: available micro-USD, maybe negative
  kAccounts,  // all full, and their queues too; limit: max_waiting_account
};

struct AdmitGranted {
  std::int32_t candidate = -1;  // index; -1 if none were given
  ChosenBy by = ChosenBy::kNone;
  std::vector<CandidateLoad> loads;  // before this grant; one per candidate
};
struct AdmitWaiting {
  WaitFor for_what = WaitFor::kUser;
  std::int64_t ticket = 0;
  std::int64_t position = 0;         // 1 is next; the best of its queues
  std::int32_t sticky = -1;          // kSticky: index of the candidate that it waits for
  std::uint32_t queues = 0;          // kAccount: bit i: it waits for candidate i; full queues are not joined
  std::vector<CandidateLoad> loads;  // empty for kUser, kKey
};
struct AdmitRefused {
  Refusal why = Refusal::kUserConcurrency;
  std::int32_t purse = -1;  // kPurse: index
  std::int64_t limit = 0;
  std::int64_t current = 0;
  std::chrono::milliseconds retry_after{0};  // 0: unknown
  std::vector<CandidateLoad> loads;          // kAccounts
};
// No account has a place, and may_wait was not set: the caller may try others.
struct AdmitAllFull {
  std::vector<CandidateLoad> loads;
};
// The conversation is bound to an account that is not among the candidates: ask again with it, or with ignore_sticky.
struct AdmitStickyElsewhere {
  std::string account;
};
// Redis has lost its memory: run found_call() first.
struct AdmitRebuild {};
// Redis has lost its memory lately: decide locally until then.
struct AdmitQuarantine {
  std::chrono::milliseconds until{0};  // Redis time since 1970
  std::chrono::milliseconds remaining{0};
};
using AdmitOutcome = std::variant<AdmitGranted, AdmitWaiting, AdmitRefused, AdmitAllFull, AdmitStickyElsewhere,
                                  AdmitRebuild, AdmitQuarantine>;

[[nodiscard]] ScriptCall admit_call(const KeyNames& names, const AdmitAsk& ask);
// kDataLoss for a reply that is not one of the script.
[[nodiscard]] Result<AdmitOutcome> parse_admit(const redis::Reply& reply);

// Binds a conversation after a grant by wake-up; a plain command for redis::Client::fire.
[[nodiscard]] std::vector<std::string> sticky_bind_command(const KeyNames& names, std::string_view sticky,
                                                           std::string_view account, std::chrono::milliseconds ttl);

}  // namespace sluice::limit
