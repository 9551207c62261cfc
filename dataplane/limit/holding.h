// What one request holds and waits for: the shared part of a Permit and the LimiterState. Only for dataplane/limit.
// One worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/event.h"
#include "dataplane/limit/calls.h"
#include "dataplane/limit/demand.h"

namespace sluice::limit {

enum class SlotOf : std::uint8_t { kUser, kKey, kAccount };

// A scope of concurrency: a slot that is held, or a queue that it waits in.
struct Place {
  SlotOf of = SlotOf::kUser;
  std::string scope;  // "user:<id>", "key:<id>", "account:<id>"
  std::uint32_t limit = 0;
  std::size_t account = 0;  // kAccount: index into Demand.accounts of the last admit()
};

// A rate that was charged.
struct ChargedRate {
  std::string scope;
  std::uint32_t requests_per_minute = 0;
  std::uint32_t tokens_per_minute = 0;
};

// A settlement that Redis has not been told of: the views are into the holding.
struct Settlement {
  std::vector<PurseSettlement> purses;
  std::vector<TokenCorrection> tokens;
  std::int64_t token_delta = 0;
};

struct Holding : std::enable_shared_from_this<Holding> {
  Holding(io::Worker& worker, std::string request, std::string as_member)
      : request_id(std::move(request)), member(std::move(as_member)), woken(worker) {}

  const std::string request_id;
  const std::string member;  // "<owner>:<request id>"

  bool admitted = false;     // user and key have let it pass: slots, rates, holds
  std::vector<Place> slots;  // held, each registered in HeldScopes and LocalShare
  bool has_account = false;  // also where the account has no limit, so no slot
  std::vector<ChargedRate> rates;
  std::uint32_t tokens = 0;
  std::vector<PurseDemand> purses;
  std::int64_t hold_nano = 0;   // of each purse
  std::int64_t hold_micro = 0;  // the same as Redis counts it: every part rounded up
  bool money_needs_redis = false;
  bool settled = false;
  std::optional<Settlement> unsent;  // until the end of this turn of the loop, to go with the slots
  bool local = false;

  bool waiting = false;  // in queues, by the last answer of admit()
  std::vector<Place> queues;
  bool queued_in_redis = false;      // Redis may know it as a waiter
  std::int64_t ticket = 0;           // of its first wait; 0: none
  std::uint32_t stays = 0;           // in queues so far: a wake-up may come from an earlier one
  std::optional<WaitResult> result;  // of the present stay
  io::Event woken;                   // set with `result`
  std::chrono::microseconds waited{0};
  bool yield_sticky = false;
  std::string sticky_key;
  std::chrono::milliseconds sticky_ttl{0};
  std::vector<std::string> accounts;  // of the last admit(), as scopes

  bool asking = false;      // an admit() is under way
  std::string woken_early;  // scope that a wake-up named meanwhile
  bool closed = false;      // the permit is gone
};

}  // namespace sluice::limit
