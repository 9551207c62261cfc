// Why a request went where it went, noted along its way. Cheap, and small while a stream runs: about 700 bytes for a
// request that one account serves at once, at most 5 KB. Made into a message only when it is stored or asked for. One
// thread at a time. Owns all it holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/pick/fixed_text.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::pick {

class Decision {
 public:
  static constexpr std::size_t kMaxAttempts = 8;  // the last place takes what is beyond
  static constexpr std::size_t kMaxWaits = 8;

  void begin(std::string_view request_id, SystemTime started, SteadyTime now);
  // Once known; any may stay unsaid.
  void caller(std::string_view user_id, std::string_view key_id, std::string_view group_id);
  void model(std::string_view requested);

  // Call it again after each choice: what is known of an account already is brought up to date.
  void considered(const Selection& selection);
  // What the script saw of a candidate; values below 0 were not looked at and change nothing.
  void load(std::string_view account_id, std::int32_t running, std::int32_t waiting);

  // `chosen_by`: limit::name(ChosenBy), a literal. `egress`: the proxy's address, empty if direct.
  void attempt_started(std::string_view account_id, std::string_view chosen_by, std::string_view egress,
                       SteadyTime now);
  // Of the attempt under way; nothing happens without one.
  void first_byte(SteadyTime now);
  void egress(std::string_view proxy);
  // `failure` empty: it was relayed.
  void attempt_ended(unsigned status, std::string_view failure, SteadyTime now);

  // `scope`: "user", "key", "account", a literal. A wait that is under way ends first as "left".
  void wait_started(std::string_view scope, SteadyTime now);
  // `how`: "granted", "timeout", "left", "yielded", a literal. Nothing happens if none is under way.
  void wait_ended(std::string_view how, SteadyTime now);

  // `outcome`: "served", "upstream_error", or the name of what refused it.
  void finish(unsigned status, std::string_view outcome, SteadyTime now);

  [[nodiscard]] std::string_view request_id() const { return request_id_.view(); }
  [[nodiscard]] unsigned status() const { return status_; }
  [[nodiscard]] std::string_view outcome() const { return outcome_.view(); }
  // All waits together.
  [[nodiscard]] std::uint64_t waited_us() const;
  [[nodiscard]] std::size_t attempts() const { return attempts_.size(); }

 private:
  friend class RecordWriter;
  struct Looked {
    IdText account_id;
    std::int32_t priority = 0;
    std::uint32_t concurrency = 0;
    std::int32_t running = -1;
    std::int32_t waiting = -1;
    Skip skip = Skip::kNone;
    config::v1::AccountHealthReason reason = config::v1::ACCOUNT_HEALTH_REASON_UNSPECIFIED;
    SystemTime blocked_until{};
    bool last_resort = false;
  };
  struct Attempt {
    IdText account_id;
    std::string_view chosen_by;
    unsigned status = 0;
    std::uint64_t started_us = 0, first_byte_us = 0, ended_us = 0;
    FixedText<64> failure;
    FixedText<96> egress;
    bool ended = false;
  };
  struct Wait {
    std::string_view scope;
    std::uint64_t started_us = 0, waited_us = 0;
    std::string_view ended = {};
  };
  [[nodiscard]] std::uint64_t since_arrival(SteadyTime now) const;
  [[nodiscard]] Looked* find(std::string_view account_id);
  [[nodiscard]] Attempt* under_way();
  IdText request_id_, user_id_, key_id_, group_id_;
  std::string model_;
  SystemTime started_{};
  SteadyTime begun_{};
  FixedText<64> outcome_;
  unsigned status_ = 0;
  std::uint64_t total_us_ = 0;
  std::uint32_t others_ = 0;
  std::vector<Looked> looked_;     // at most kMaxConsidered
  std::vector<Attempt> attempts_;  // at most kMaxAttempts
  std::vector<Wait> waits_;        // at most kMaxWaits
};

// Allocates; not for every request.
[[nodiscard]] usage::v1::DecisionRecord to_proto(const Decision& decision);

}  // namespace sluice::pick
