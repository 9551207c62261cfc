// What a Limiter, its permits and its background task share. Only for dataplane/limit. One worker.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/io/event.h"
#include "dataplane/limit/calls.h"
#include "dataplane/limit/held_purses.h"
#include "dataplane/limit/held_scopes.h"
#include "dataplane/limit/holding.h"
#include "dataplane/limit/limiter.h"
#include "dataplane/limit/limiter_metrics.h"
#include "dataplane/limit/pending_releases.h"

namespace sluice::limit {

class LimiterState : public std::enable_shared_from_this<LimiterState> {
 public:
  LimiterState(io::Worker& worker, redis::Client& redis, NodeLimits& node, LimiterSettings settings,
               observe::MetricsRegistry& registry);

  // Tasks hold the state and what they work on.
  [[nodiscard]] static io::Task<Outcome> admit(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                               const Demand& demand);
  [[nodiscard]] static io::Task<WaitResult> wait(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                                 SteadyTime until);
  [[nodiscard]] static io::Task<Result<>> extend(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                                 std::int64_t nano);
  // Ends after stop().
  [[nodiscard]] static io::Task<> keep_alive(std::shared_ptr<LimiterState> self);

  [[nodiscard]] std::shared_ptr<Holding> open(std::string_view request_id);
  // Gives all of it back.
  void close(Holding& holding) noexcept;
  void release_account(Holding& holding);
  void leave_queues(Holding& holding);
  void settle(Holding& holding, std::int64_t cost_nano, std::uint32_t tokens);

  // Redis, or its channels, can be used (again): anything may have been lost.
  void on_redis_up();
  void on_channels_up();
  void on_wake(std::string_view message);
  // NodeMoney has news. Only on worker 0.
  void tell_acknowledged();
  // From now on nothing outside is used any more.
  void stop();

  [[nodiscard]] const KeyNames& names() const { return names_; }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  // What a script would do, done with the node's share (decide_locally.cc).
  [[nodiscard]] Outcome decide_locally(Holding& holding, const Demand& demand);
  [[nodiscard]] std::optional<Refused> pass_locally(Holding& holding, const Demand& demand);
  [[nodiscard]] std::optional<Refused> enter_locally(Holding& holding, const Place& place);
  [[nodiscard]] std::optional<Refused> rates_locally(const Demand& demand) const;
  [[nodiscard]] std::optional<Refused> money_locally(const Demand& demand, std::vector<PurseDemand>& purses);
  void undo_pass(Holding& holding);
  void stay_locally(Holding& holding, std::vector<Place> queues);
  void choose_locally(Holding& holding, const Demand& demand, bool was_waiting, Outcome& outcome);

  // Asking Redis (ask_redis.cc, take_answer.cc).
  void prepare(Holding& holding, const Demand& demand);
  [[nodiscard]] ScriptCall ask(const Holding& holding, const Demand& demand, const std::vector<PurseDemand>& purses);
  [[nodiscard]] Outcome take_answer(Holding& holding, const Demand& demand, std::vector<PurseDemand> purses,
                                    const Result<redis::Reply>& reply);
  [[nodiscard]] std::optional<Outcome> apply(Holding& holding, const Demand& demand, std::vector<PurseDemand>& purses,
                                             const AdmitOutcome& answer);
  void become_admitted(Holding& holding, const Demand& demand, std::vector<PurseDemand> purses);

  // Slots, queues and money of one request (limiter_state.cc, holding_money.cc).
  void add_slot(Holding& holding, Place place, bool counted_already = false);
  void drop_slots(Holding& holding, bool only_account);
  void forget_slot(Holding& holding, const Place& place);
  void begin_stay(Holding& holding, std::vector<Place> queues, bool in_redis);
  void end_stay(Holding& holding);
  // Counts the places of the node, too.
  void set_queues(Holding& holding, std::vector<Place> queues);
  void give_back_slots(Holding& holding, bool only_account);
  void leave_other_queues(Holding& holding);
  void give_back(const std::string& member, std::vector<Place> places);
  void hold_money(const std::vector<PurseDemand>& purses, std::int64_t nano, std::int64_t micro);
  [[nodiscard]] bool extend_locally(Holding& holding, std::int64_t nano);
  [[nodiscard]] ScriptCall ask_extension(Holding& holding, std::int64_t nano);
  [[nodiscard]] bool take_extension(Holding& holding, std::int64_t nano, const Result<redis::Reply>& reply);
  void send_later(Holding& holding, Settlement settlement);
  void send_settlements();
  bool send_settlement(Holding& holding, const std::vector<Place>& places);
  bool send(const ScriptCall& call);
  bool send_leave(const PendingRelease& release);

  // Waiting (waiting.cc).
  void grant(Holding& holding, const Place& place);
  void lose(Holding& holding);
  void wake_one_locally(std::string_view scope);
  [[nodiscard]] static io::Task<> check_waiters(std::shared_ptr<LimiterState> self,
                                                std::vector<std::shared_ptr<Holding>> waiters);
  void check_all_waiters();

  // Staying alive (heartbeat.cc).
  void flush_releases();
  void renew_slots();
  [[nodiscard]] static io::Task<> tell_purses(std::shared_ptr<LimiterState> self);
  [[nodiscard]] static io::Task<> wait_for_answers(std::shared_ptr<LimiterState> self);
  [[nodiscard]] std::vector<std::string> purses_to_tell();
  [[nodiscard]] std::vector<PurseClaim> claims(std::span<const std::string> purses);
  void purses_told(std::span<const std::string> purses, const std::vector<PurseState>* states);
  void assert_all_purses();

  // Losing and finding Redis (recovery.cc).
  [[nodiscard]] bool decides_locally() const;
  [[nodiscard]] static io::Task<> find_epoch(std::shared_ptr<LimiterState> self);
  [[nodiscard]] static io::Task<bool> ask_epoch(std::shared_ptr<LimiterState> self);
  [[nodiscard]] static io::Task<> forget_leases(std::shared_ptr<LimiterState> self, SteadyTime until);
  void epoch_in_doubt();
  void take_epoch(const FoundOutcome& found);
  void resume();
  void set_local(bool local, std::string_view cause);

  [[nodiscard]] SteadyTime now() const { return worker_.clock().steady(); }
  [[nodiscard]] bool first_worker() const { return worker_.index() == 0; }

  io::Worker& worker_;
  redis::Client& redis_;
  NodeLimits& node_;
  const LimiterSettings settings_;
  const KeyNames names_;
  const std::string owner_;
  LimiterMetrics metrics_;
  io::Event wake_;  // of keep_alive()

  std::map<std::string, std::shared_ptr<Holding>, std::less<>> holdings_;  // by request id
  HeldScopes held_;
  HeldPurses purses_;
  std::size_t asking_ = 0;  // calls whose answer has not come: their holds may be refused yet
  PendingReleases releases_;
  std::vector<std::shared_ptr<Holding>> unsent_;  // those with an unsent settlement
  std::size_t waiting_ = 0;

  std::string run_id_;        // of the connected Redis
  std::string epoch_id_;      // the last one found
  bool epoch_known_ = false;  // it holds for this connection, as far as we know
  bool finding_ = false;      // find_epoch() runs
  unsigned connections_ = 0;
  SteadyTime quarantine_until_{};
  bool quarantined_ = false;  // resume() is due at quarantine_until_
  bool local_ = false;
  std::string cause_ = "Redis is not available";  // of deciding locally
  bool stopped_ = false;
};

}  // namespace sluice::limit
