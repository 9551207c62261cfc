// Which accounts may serve a call now: at most 8, of which one script call takes the best that has a free slot
// (dataplane/limit/admit_call.h). The key's group is a hard boundary. Costs the same for 10 and 10,000 accounts: at
// most 64 of them are looked at, unless none of these can be had. One Chooser per worker, on its thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string_view>

#include "common/base/clock.h"
#include "dataplane/pick/load_memory.h"
#include "dataplane/pick/pool_cache.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::pick {

inline constexpr std::size_t kMaxCandidates = 8;
inline constexpr std::size_t kMaxConsidered = 32;
inline constexpr std::size_t kMaxLooks = 64;

struct Candidate {
  const snapshot::AccountEntry* account = nullptr;
  const snapshot::CredentialEntry* credential = nullptr;
};

// Why an account is not to be chosen for now.
struct Blocked {
  SystemTime until{};
  bool soft = false;  // a guess of ours, not a fact of the vendor's: still taken where nothing else is left
  config::v1::AccountHealthReason reason = config::v1::ACCOUNT_HEALTH_REASON_UNSPECIFIED;
};
// Asked for each account that is looked at. Nothing: it is healthy.
using BlockedFn = std::function<std::optional<Blocked>(const snapshot::AccountEntry&, const snapshot::CredentialEntry&,
                                                       std::string_view model, SystemTime now)>;

// The pointers of all below live as long as the snapshot of the ask.
struct Considered {
  const snapshot::AccountEntry* account = nullptr;
  Skip skip = Skip::kNone;
  Blocked blocked = {};  // for kBlocked and kSoftBlocked
  KnownLoad load = {};
};

// What came of a choice.
enum class Verdict : std::uint8_t {
  kFound,
  kNotServed,  // no account of the group serves the model: waiting does not help
  kTried,      // this request has tried accounts, and no other can be had now
  kBlocked,    // all that could are blocked; the first comes back at Selection.retry_at
  kUnusable,   // they have no live credential or no egress proxy
};

// Fixed size, nothing on the heap.
class Selection {
 public:
  // By ascending priority.
  [[nodiscard]] std::span<const Candidate> candidates() const { return {candidates_.data(), candidate_count_}; }
  // Those that were looked at, in this order, then others of the group that are not fit; at most 32.
  [[nodiscard]] std::span<const Considered> considered() const { return {considered_.data(), considered_count_}; }

  Verdict verdict = Verdict::kNotServed;
  std::optional<SystemTime> retry_at;  // when the first blocked account comes back, if any is blocked
  bool last_resort = false;            // the candidates are soft-blocked: there is nothing better
  std::optional<std::size_t> sticky;   // which candidate is the conversation's own
  std::size_t looks = 0;               // accounts that were looked at
  std::size_t others = 0;              // accounts of the group that are not in considered()

 private:
  friend class Search;
  std::array<Candidate, kMaxCandidates> candidates_;
  std::array<Considered, kMaxConsidered> considered_;
  std::size_t candidate_count_ = 0;
  std::size_t considered_count_ = 0;
};

// The views are read during choose() only.
struct ChooseAsk {
  const snapshot::Snapshot& snapshot;
  std::string_view group_id;
  std::string_view provider;                     // that sells the model: PriceEntry::provider
  std::string_view model;                        // as the client names it; empty: any
  std::string_view sticky;                       // id of the conversation's account, if one is known: looked at first
  std::span<const std::string_view> tried = {};  // ids of accounts that this request has tried
  std::size_t want = kMaxCandidates;             // 1 to kMaxCandidates
  SystemTime now{};
  SteadyTime steady{};
};

class Chooser {
 public:
  explicit Chooser(BlockedFn blocked);

  // From the lowest priority number upward. Where a tier has more accounts than are wanted, a walk from a random one
  // takes the first that will do; accounts known to be full come last in their tier. A tier may use up at most half of
  // the 64 looks once it has yielded an account, so that lower tiers are reached as well.
  [[nodiscard]] Selection choose(const ChooseAsk& ask);

  // To be told what scripts answer, and of own grants and releases.
  [[nodiscard]] LoadMemory& loads() { return loads_; }
  [[nodiscard]] const PoolCache& pools() const { return pools_; }

 private:
  const BlockedFn blocked_;
  PoolCache pools_;
  LoadMemory loads_;
  std::mt19937_64 random_;  // spreads load; guards nothing
};

}  // namespace sluice::pick
