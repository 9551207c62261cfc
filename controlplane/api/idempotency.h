// A call with an idempotency key is done once: the same call again gets the first one's answer, another call with the
// same key is refused. Key and effect are in one transaction, so there is no moment in which one is without the other.
// Blocking; any thread.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/api/access.h"
#include "controlplane/db/transaction.h"

namespace sluice::api {

// The metadata, and the HTTP header (draft-ietf-httpapi-idempotency-key-header).
inline constexpr const char* kIdempotencyMetadata = "idempotency-key";

class IdempotentCall {
 public:
  // An empty `key` asks for nothing. kInvalidArgument for one that cannot be: not 1 to 255 printable ASCII characters,
  // or on a method that changes nothing (`rule.safe`), lets strangers in, or has effects elsewhere.
  [[nodiscard]] static Result<> check(const std::string& key, const AccessRule& rule);

  IdempotentCall(const crypto::Vault& vault, const Clock& clock) : vault_(vault), clock_(clock) {}

  // True if `response` is filled with the answer of before, and nothing is left to do.
  [[nodiscard]] Result<bool> begin(db::Transaction& tx, const std::string& actor, const std::string& key,
                                   const AccessRule& rule, const google::protobuf::Message& request,
                                   google::protobuf::Message& response);
  // Remembers the answer.
  [[nodiscard]] Result<> end(db::Transaction& tx, const google::protobuf::Message& response);

 private:
  const crypto::Vault& vault_;
  const Clock& clock_;
  std::string id_;
};

}  // namespace sluice::api
