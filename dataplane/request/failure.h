// An upstream call that came to nothing before the client had seen any of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/protocol/protocol.h"
#include "dataplane/request/answer_head.h"

namespace sluice::request {

// An answer that is kept back because another account may give a better one.
struct KeptAnswer {
  unsigned status = 0;
  AnswerHead head;
  std::string body;
  bool stream = false;
  protocol::Usage usage;  // billed if it is passed on in the end: an empty answer is an answer
};

struct Failure {
  enum class Kind : std::uint8_t {
    kConnect,
    kTimeout,
    kCut,
    kStatus,
    kErrorEvent,
    kEmpty,
    kGarbage,
    kGateway,
    kClientGone
  };
  Kind kind = Kind::kStatus;
  unsigned upstream_status = 0;  // 0: no answer's head came
  bool elsewhere = false;        // another account may do better
  protocol::ApiError error;      // what the client is told if none does ...
  // ... unless the upstream's own answer can be passed on. Apart, as every frame on the way has room for a failure.
  std::unique_ptr<KeptAnswer> answer;
};

// "connect", "timeout", "cut", ...
[[nodiscard]] std::string_view to_string(Failure::Kind kind);

// Statuses that are about the account or the moment, not about the request: another account may do better. Never
// 400, 413 or 422, which are the client's own, unless a pause rule of the account says otherwise (learn.h).
[[nodiscard]] bool may_differ_elsewhere(unsigned status);

// Statuses by which an upstream refuses the operator's credential: not the client's business.
[[nodiscard]] bool refuses_account(unsigned status);

}  // namespace sluice::request
