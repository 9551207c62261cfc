// What the scripts should do, in the plainest words: sets, maps and loops, no leases. Used by the property test, which
// compares it with Redis after every step. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/limit/calls.h"

namespace sluice::limit {

struct ModelScope {
  std::uint32_t limit = 0;
  std::set<std::string> holders;
  std::set<std::pair<std::int64_t, std::string>> queue;  // (ticket, member), those who wait no more included

  [[nodiscard]] bool full() const { return holders.size() >= limit; }
  [[nodiscard]] bool queues(const std::string& member) const;
  void unqueue(const std::string& member);
};

struct ModelPurse {
  bool known = false;  // whether Redis has seen a balance
  std::int64_t limit = 0;
  std::int64_t bal = 0;
  std::int64_t ver = 0;
  std::map<std::string, std::int64_t> holds;  // by owner
  std::map<std::string, std::int64_t> spent;  // by node

  [[nodiscard]] std::int64_t total() const;
  void learn(std::int64_t newest_bal, std::int64_t newest_ver);
};

class FleetModel {
 public:
  // What admit.lua must answer, as kind() puts it, and which candidates it may choose or must queue for.
  struct Expected {
    std::string kind;
    std::set<std::int32_t> candidates;
  };

  // Does what admit.lua does before it decides, and says how it must decide.
  [[nodiscard]] Expected expect(const AdmitAsk& ask);
  // Does what follows from the decision.
  void apply(const AdmitAsk& ask, const AdmitOutcome& outcome);
  [[nodiscard]] static std::string kind(const AdmitOutcome& outcome);

  void release(const std::string& scope, const std::string& member);
  void leave(const std::string& member, const std::vector<std::string>& scopes);
  void sweep(const std::string& scope);
  void hand_over(const std::string& scope, const std::string& me = "", std::int64_t ticket = 0);
  // All leases of the owner's members end.
  void die(const std::string& owner);

  std::map<std::string, ModelScope> scopes;
  std::map<std::string, ModelPurse> purses;
  std::map<std::string, std::string> bindings;  // conversation -> account
  std::set<std::string> waiting;
  std::vector<std::string> wakes;  // "<owner> <request> <scope>", until taken
  std::int64_t last_ticket = 0;

 private:
  [[nodiscard]] bool has_place(const std::string& scope, const AdmitAsk& ask);
  [[nodiscard]] std::optional<std::string> expect_scopes(const AdmitAsk& ask);
  [[nodiscard]] std::optional<std::string> expect_purses(const AdmitAsk& ask);
  [[nodiscard]] Expected expect_account(const AdmitAsk& ask, std::int32_t bound);
  [[nodiscard]] std::set<std::int32_t> best_free(const AdmitAsk& ask, std::int32_t full);
  [[nodiscard]] std::string refuse(const AdmitAsk& ask, std::string why);
  void leave_scope(const ScopeAsk& scope, const std::string& member);
  void charge(const AdmitAsk& ask);
  void wait(const AdmitAsk& ask, const std::string& scope, std::int64_t ticket);
};

[[nodiscard]] std::string account_scope(const CandidateAsk& candidate);

}  // namespace sluice::limit
