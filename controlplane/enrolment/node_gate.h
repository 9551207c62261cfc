// Which nodes may come in over TLS: by their certificate, unless it was revoked or has ended. Thread-safe.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/support/status.h>

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::enrolment {

// A certificate that TLS has verified.
struct NodeIdentity {
  std::string node_id;
  std::string serial;
  SystemTime not_after{};
};

// Whether the call came over TLS; else it came from this machine, in plain text.
[[nodiscard]] bool over_tls(const grpc::AuthContext& context);
// The client's certificate, if there is one and it is for clients.
[[nodiscard]] std::optional<NodeIdentity> identity_of(const grpc::AuthContext& context);

class NodeGate {
 public:
  // Lets nobody in until set_revoked() was called.
  explicit NodeGate(const Clock& clock) : clock_(clock) {}

  void set_revoked(std::set<std::string> serials);

  // kPermissionDenied if the certificate was revoked or has ended; kUnavailable while that is not known.
  [[nodiscard]] Result<> check(const NodeIdentity& identity) const;
  // Who calls. nullopt: a call from this machine in plain text, which must show the node token. kUnauthenticated if
  // there is no certificate, otherwise as check().
  [[nodiscard]] Result<std::optional<NodeIdentity>> admit(const grpc::AuthContext& context) const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<std::set<std::string>> revoked_;
};

// Whether the identity, if there is one, is that of the node that this call is about.
[[nodiscard]] Result<> check_node(const std::optional<NodeIdentity>& identity, const std::string& node_id);

// What a node is told.
[[nodiscard]] grpc::Status to_node_status(const Error& error);

}  // namespace sluice::enrolment
