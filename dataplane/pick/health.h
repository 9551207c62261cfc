// Which accounts are not to be chosen for now, and until when, as this worker knows it from its own calls and from
// other nodes (health_share.h). Nothing is for good. Plain code; one per worker, on its thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "dataplane/pick/breaker.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/provider/limits/limit_signal.h"
#include "dataplane/snapshot/entries.h"

namespace sluice::pick {

// One upstream call that failed, or succeeded (status 2xx and no failure).
struct Observation {
  enum class Failure : std::uint8_t { kNone, kConnect, kTimeout, kCut, kEmpty, kErrorEvent, kGarbage };
  const snapshot::AccountEntry& account;
  std::string_view model;
  std::uint64_t credential_revision = 0;
  unsigned status = 0;  // 0: no answer
  Failure failure = Failure::kNone;
  std::string_view body = {};  // of an error answer
  provider::LimitSignal limits = {};
};

// A block that others should know of.
struct HealthNews {
  std::string account_id;
  std::string model;  // empty: the whole account
  Blocked block;
  unsigned status = 0;
  std::uint64_t credential_revision = 0;  // for AUTH_FAILED: of no meaning for a newer credential
};

class Health {
 public:
  [[nodiscard]] std::optional<Blocked> blocked(std::string_view account_id, std::string_view model,
                                               std::uint64_t credential_revision, SystemTime now) const;

  // A call begins: it may be the one probe of a breaker.
  void started(std::string_view account_id, SystemTime now);
  // What a call came to. News if the account, or the model on it, is blocked because of it, or longer than before.
  [[nodiscard]] std::optional<HealthNews> observe(const Observation& seen, SystemTime now);
  // What another worker or node has seen. A block is only ever extended; false if it was known already.
  bool merge(const HealthNews& news, SystemTime now);
  // Forgets what has passed. Now and then.
  void sweep(SystemTime now);
  [[nodiscard]] std::size_t size() const { return accounts_.size() + models_.size(); }

 private:
  struct Account {
    Blocked block;
    std::uint64_t refused_revision = 0;  // of the credential, for AUTH_FAILED
    unsigned in_a_row = 0;               // rate limits and overloads without a stated end
    unsigned refusals = 0;               // 401, 402 and 403 without a success between
    Breaker breaker;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  [[nodiscard]] std::optional<Blocked> account_blocked(std::string_view account_id, std::uint64_t credential_revision,
                                                       SystemTime now) const;
  [[nodiscard]] std::optional<HealthNews> failed(const Observation& seen, SystemTime now);
  [[nodiscard]] std::optional<Blocked> rule_of(const Observation& seen, SystemTime now) const;
  [[nodiscard]] std::optional<HealthNews> block(const Observation& seen, Blocked block, bool model_only,
                                                SystemTime now);
  void succeeded(std::string_view account_id, SystemTime now);

  Map<Account> accounts_;
  Map<Blocked> models_;         // "<account>|<model>"
  mutable std::string wanted_;  // reused, so that a lookup does not allocate
};

}  // namespace sluice::pick
