// The frame of every admin RPC: authenticate, run in one transaction, turn errors into gRPC statuses. Every service
// goes through run(), so no RPC can forget to ask who calls. Blocking; gRPC's threads.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

#include <string>
#include <type_traits>

#include "common/base/clock.h"
#include "common/base/status.h"
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
};

// One authenticated call inside its transaction.
struct Call {
  db::Transaction& tx;
  const Clock& clock;
  std::string actor;
  std::string request_id;

  // A record of a change, in its own transaction. Messages of the admin API carry no secrets by design.
  [[nodiscard]] Result<> audit(std::string action, std::string kind, std::string id,
                               const google::protobuf::Message* before, const google::protobuf::Message* after);
};

// Also used by REST: INVALID_ARGUMENT, NOT_FOUND ...; ABORTED for a stale etag.
[[nodiscard]] grpc::Status to_status(const Error& error);

// The caller's metadata.
[[nodiscard]] std::string authorization_of(const grpc::ServerContext& context);
[[nodiscard]] std::string request_id_of(const grpc::ServerContext& context, const Clock& clock);

// `body(Call&) -> Result<>`; it fills the response itself and may run again from the start.
template <class Body>
grpc::Status run(const AdminContext& admin, grpc::ServerContext* context, Body body) {
  const std::string authorization = authorization_of(*context);
  // Without any token there is nothing to look up: no database connection for strangers.
  if (identity::bearer_token(authorization).empty()) return to_status(identity::token_required());
  const std::string request_id = request_id_of(*context, admin.clock);
  const Result<> done = db::in_transaction(admin.pool, [&](db::Transaction& tx) -> Result<> {
    auto caller = admin.authenticator.authenticate(tx, authorization);
    if (!caller) return std::unexpected(caller.error());
    Call call{tx, admin.clock, std::move(caller->actor), request_id};
    return body(call);
  });
  return done ? grpc::Status::OK : to_status(done.error());
}

}  // namespace sluice::api
