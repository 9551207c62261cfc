// What a call taught of an account's health. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
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
  // When the call began: a success says nothing of what happened later. By default it has just begun.
  SystemTime began = SystemTime::max();
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
  std::string detail = {};                // a sentence for people; stays on this node and in the control plane
};

// A success has ended a soft block. It ends all soft blocks of the account, or of the model on it, that end no later
// than `until`, and no others: whoever knows of a longer one has seen something that the sender had not.
struct HealthEnd {
  std::string account_id;
  std::string model;  // empty: the account's own
  SystemTime until{};
  config::v1::AccountHealthReason reason = config::v1::ACCOUNT_HEALTH_REASON_UNSPECIFIED;
  std::uint64_t credential_revision = 0;  // of the call: AUTH_FAILED of a newer credential remains
};

struct Lesson {
  std::optional<HealthNews> blocked;
  std::vector<HealthEnd> ended;  // came before `blocked`
  // A pause rule of the operator says that it is the account: another one may do better, whatever the status.
  bool by_rule = false;
};

}  // namespace sluice::pick
