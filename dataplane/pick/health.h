// Which accounts are not to be chosen for now, and until when, as this worker knows it from its own calls and from
// other nodes (health_share.h). Nothing is for good. Plain code; one per worker, on its thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "dataplane/pick/breaker.h"
#include "dataplane/pick/health_news.h"
#include "dataplane/pick/refusals.h"

namespace sluice::pick {

class Health {
 public:
  [[nodiscard]] std::optional<Blocked> blocked(std::string_view account_id, std::string_view model,
                                               std::uint64_t credential_revision, SystemTime now) const;

  // A call begins: it may be the one probe of a breaker.
  void started(std::string_view account_id, SystemTime now);
  // What a call came to. Says if the account, or the model on it, is blocked because of it, or longer than before, and
  // which soft blocks have ended with a success. What a vendor has stated is never ended by a success.
  [[nodiscard]] Lesson observe(const Observation& seen, SystemTime now);
  // What another worker or node has seen. A block is only ever extended; false if it was known already.
  bool merge(const HealthNews& news, SystemTime now);
  void merge(const HealthEnd& end);
  // Forgets what has passed. Now and then.
  void sweep(SystemTime now);
  [[nodiscard]] std::size_t size() const { return accounts_.size() + models_.size(); }

 private:
  struct Known {
    Blocked block;
    SystemTime since{};  // when this worker learned of it
  };
  struct Account {
    Known known;
    std::uint64_t refused_revision = 0;  // of the credential, for AUTH_FAILED
    unsigned in_a_row = 0;               // rate limits and overloads without a stated end
    Refusals refusals;
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

  // health_observe.cc
  [[nodiscard]] std::optional<HealthNews> failed(const Observation& seen, SystemTime now);
  [[nodiscard]] std::optional<HealthNews> limited(const Observation& seen, Account& account, SystemTime now);
  [[nodiscard]] std::optional<HealthNews> refused(const Observation& seen, Account& account, SystemTime now);
  [[nodiscard]] std::optional<HealthNews> broken(const Observation& seen, Account& account, SystemTime now);
  [[nodiscard]] std::optional<HealthNews> block(const Observation& seen, Blocked block, bool model_only,
                                                SystemTime now);
  void succeeded(const Observation& seen, SystemTime now, std::vector<HealthEnd>& ended);
  void model_succeeded(const Observation& seen, SystemTime now, std::vector<HealthEnd>& ended);

  Map<Account> accounts_;
  Map<Known> models_;           // "<account>|<model>"
  mutable std::string wanted_;  // reused, so that a lookup does not allocate
};

}  // namespace sluice::pick
