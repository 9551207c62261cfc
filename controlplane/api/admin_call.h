// The frame of every admin RPC: authenticate, ask whether the caller may, run in one transaction, turn errors into gRPC
// statuses. Every service goes through run(), so no RPC can forget to ask. Blocking; gRPC's threads.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/api/access.h"
#include "controlplane/api/call_rates.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "controlplane/identity/authenticator.h"
#include "controlplane/store/audit.h"

namespace sluice::api {

// What the services share; made by bootstrap, outlives them.
struct AdminContext {
  db::Pool& pool;
  const Clock& clock;
  const identity::Authenticator& authenticator;
  const crypto::Vault& vault;
  CallRates& rates;
};

// One authenticated call inside its transaction.
struct Call {
  db::Transaction& tx;
  const Clock& clock;
  std::string actor;
  std::string request_id;
  identity::Caller caller = {};
  Reach reach = Reach::kAll;

  // Whether the caller may see what belongs to this user. Methods whose rule is self: "*" must ask; to a stranger the
  // object does not exist.
  [[nodiscard]] bool sees(const std::string& user_id) const {
    return reach == Reach::kAll || (!caller.user_id.empty() && user_id == caller.user_id);
  }

  // A record of a change, in its own transaction. Messages of the admin API carry no secrets by design.
  [[nodiscard]] Result<> audit(std::string action, std::string kind, std::string id,
                               const google::protobuf::Message* before, const google::protobuf::Message* after);
};

// Also used by REST: INVALID_ARGUMENT, NOT_FOUND ...; ABORTED for a stale etag.
[[nodiscard]] grpc::Status to_status(const Error& error);

// The caller's metadata; empty if there is none of that name.
[[nodiscard]] std::string metadata_of(const grpc::ServerContext& context, const char* name);
[[nodiscard]] identity::Credentials credentials_of(const grpc::ServerContext& context);
[[nodiscard]] std::string request_id_of(const grpc::ServerContext& context, const Clock& clock);

// Names of metadata, and of the HTTP headers that REST makes them from.
inline constexpr const char* kSessionMetadata = "x-sluice-session";
inline constexpr const char* kCsrfMetadata = "x-sluice-csrf";
// "true": the method does all it does, and then nothing of it stays. Refused by methods with effects elsewhere.
inline constexpr const char* kDryRunMetadata = "x-sluice-dry-run";

using CallBody = std::function<Result<>(Call&)>;

// run() without its types.
[[nodiscard]] grpc::Status run_call(const AdminContext& admin, const grpc::ServerContext& context,
                                    const AccessRule& rule, const google::protobuf::Message& request,
                                    google::protobuf::Message& response, const CallBody& body);

// `body(Call&) -> Result<>` fills the response, which is empty when it begins; it may run again from its start.
template <class Request, class Response, class Body>
grpc::Status run(const AdminContext& admin, grpc::ServerContext* context, const Request& request, Response& response,
                 Body body) {
  static const AccessRule rule = access_rule(*Request::descriptor());
  return run_call(admin, *context, rule, request, response, std::ref(body));
}

}  // namespace sluice::api
