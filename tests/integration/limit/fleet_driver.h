// A small fleet whose requests do random things against a real Redis and the model at once; every step REQUIREs that
// both agree. Used by the property test. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/limit/fleet_model.h"
#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {

class FleetDriver {
 public:
  explicit FleetDriver(std::uint64_t seed);
  // One random action of somebody, then check().
  void step();
  // Heartbeats of all owners; afterwards no slot is free while somebody waits for it.
  void sweep();
  [[nodiscard]] const std::map<std::string, int>& counts() const { return counts_; }

 private:
  enum class State : std::uint8_t { kNew, kWaitsForScope, kWaitsForAccount, kRuns };
  struct Request {
    std::string member, owner, node, user, key, sticky;
    std::uint32_t user_limit = 0, key_limit = 0;
    std::vector<CandidateAsk> candidates;
    std::vector<std::string> purses;
    State state = State::kNew;
    bool admitted = false;
    bool waits_for_sticky = false;
    std::int64_t ticket = 0;
    std::int64_t hold = 0;
    std::string account_scope;  // kRuns
  };
  using Requests = std::map<std::string, std::unique_ptr<Request>>;

  [[nodiscard]] std::size_t random(std::size_t below) { return random_() % below; }
  [[nodiscard]] Request* pick(State state);
  [[nodiscard]] std::uint32_t limit_of(const std::string& scope) const { return model_.scopes.at(scope).limit; }

  void arrive();
  void ask(Request& request, bool yield = false, bool ignore_sticky = false);
  void follow(Request& request, const AdmitAsk& asked, const AdmitOutcome& outcome);
  void wake();
  void on_granted(Request& request, const std::string& scope);
  void fail_over(Request& request);
  void give_up(Request& request);
  void extend(Request& request);
  // Releases the slots and, if `money`, the holds.
  void settle(Request& request, const std::vector<std::string>& slots, bool money);
  void finish(Request& request);
  void leave(Request& request, const std::vector<std::string>& scopes);
  void acknowledge();
  void top_up();
  void kill(const std::string& owner);
  void heartbeat(const std::string& owner);
  void renew(const std::string& owner);
  void beat_waiters(const std::string& owner);
  void claim(const std::string& owner);

  [[nodiscard]] std::vector<std::string> scopes_waited_for(const Request& request) const;
  [[nodiscard]] std::vector<PurseAsk> purse_asks(const Request& request);
  void check();
  void check_scope(const std::string& name, const ModelScope& scope);
  void check_purse(const std::string& name, const ModelPurse& purse);

  ScriptsFixture redis_;
  FleetModel model_;
  std::mt19937_64 random_;
  std::vector<std::string> owners_ = {"n1/0", "n1/1", "n2/0"};
  std::map<std::string, bool> forgotten_;                               // owners whose holds are to be dropped
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> books_;  // purse -> balance and version
  Requests requests_;
  std::vector<std::pair<std::string, std::string>> inbox_;  // member, scope: wake-ups not yet read
  std::map<std::string, int> counts_;
  int births_ = 0;
};

}  // namespace sluice::limit
