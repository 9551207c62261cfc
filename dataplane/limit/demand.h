// What one request asks of the limits, and what it is answered. Plain values; no clock, no I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/limit/admit_call.h"  // ChosenBy

namespace sluice::limit {

// A user or a key with its limits; 0 is unlimited. `id` is the bare uuid.
struct Scope {
  std::string_view id;
  std::uint32_t concurrency = 0;
  std::uint32_t requests_per_minute = 0;
  std::uint32_t tokens_per_minute = 0;
};

// Money that the request is paid from. The node keeps whichever balance is the newest it was told of.
struct PurseDemand {
  std::string id;                       // "user:<user id>", "key:<key id>:<window id>"
  std::int64_t limit_nano = 0;          // of a budget; 0 for a wallet
  std::int64_t known_balance_nano = 0;  // of a budget: minus what was spent
  std::uint64_t known_version = 0;      // rises with every change of the balance
};

struct AccountOption {
  std::string_view id;
  std::uint32_t concurrency = 0;  // 0 is unlimited
  std::int32_t priority = 0;      // lower is taken first
  std::uint32_t weight = 100;     // above 0; the load counts as divided by it
};

// The views must outlive the call of Limiter::admit.
struct Demand {
  std::string_view request_id;  // unique in the fleet
  Scope user;
  Scope key;
  std::vector<PurseDemand> purses;      // each gets the whole hold
  std::int64_t hold_nano = 0;           // what the request may cost at most
  std::uint32_t tokens = 0;             // estimate that is charged to tokens per minute; settle() corrects it
  bool money_needs_redis = false;       // refuse what costs money while Redis cannot say what others hold
  std::vector<AccountOption> accounts;  // fit to serve it, by priority; more than kMaxCandidates are ignored; none:
                                        // only user and key are asked
  std::string sticky_key;               // hash of the conversation; empty: not sticky
  std::chrono::milliseconds sticky_ttl{3'600'000};
  std::uint32_t sticky_waiting = 3;  // may wait for the conversation's own account; 0: never wait for it alone
  bool sticky_unfit = false;         // the account of StickyElsewhere cannot serve it: bind to another
  std::uint32_t waiting_per_user = 20;
  std::uint32_t waiting_per_account = 100;
  bool may_wait = true;  // false: refused instead of queued
};

// Requests running and waiting on an account when it was looked at; -1: not looked at.
struct Load {
  std::int32_t running = -1;
  std::int32_t waiting = -1;
};

// A slot of Demand.accounts[account] is held; without accounts in the demand it is 0 and means nothing.
struct Granted {
  std::size_t account = 0;
  ChosenBy by = ChosenBy::kNone;  // kNone: without accounts
};

// In the queue: Permit::wait_until() tells what comes of it.
struct Waiting {
  enum class For : std::uint8_t { kUser, kKey, kAccount, kStickyAccount };
  For scope = For::kAccount;
  std::uint32_t position = 0;  // how many are ahead; for accounts in the shortest of the queues
};

struct Refused {
  enum class Kind : std::uint8_t {
    kSlots,         // user or key: all slots taken, and the queue is full or not wanted
    kRate,          // requests or tokens per minute
    kMoney,         // a purse cannot cover the hold
    kAccountsFull,  // all accounts, and their queues
    kUnavailable,   // money_needs_redis, and Redis is away
  };
  Kind kind = Kind::kUnavailable;
  // "user_concurrency", "key_concurrency", "user_requests_per_minute", "user_tokens_per_minute", "key_requests_...",
  // "wallet", "key_budget_day", "key_budget_week", "key_budget_month", "key_budget_total", "accounts", "money".
  std::string_view limit_name;
  std::int64_t limit = 0;                    // slots, requests or tokens per minute; money in nano-USD
  std::int64_t current = 0;                  // what is in use; money: what is available, in nano-USD
  std::chrono::milliseconds retry_after{0};  // 0: waiting does not help
};

// The conversation is bound to an account that was not among Demand.accounts. Ask again: with it among them if it is
// fit, else with sticky_unfit. What is held stays held.
struct StickyElsewhere {
  std::string account_id;
};

struct Outcome {
  std::variant<Granted, Waiting, Refused, StickyElsewhere> result;
  std::vector<Load> loads;  // parallel to Demand.accounts, or empty
  bool local = false;       // decided by the node's share, without Redis
};

// How a wait ended.
struct WaitResult {
  enum class Kind : std::uint8_t {
    kGrantedAccount,  // a slot of Demand.accounts[account] of the last admit() is held
    kGrantedScope,    // user or key: call admit() again for the rest
    kTimeUp,          // out of the queues; call admit() again (may_wait) only to wait anew with the same ticket
    kLost,            // the queue is not to be trusted any more: call admit() again, it keeps its place
  };
  Kind kind = Kind::kTimeUp;
  std::size_t account = 0;
};

}  // namespace sluice::limit
