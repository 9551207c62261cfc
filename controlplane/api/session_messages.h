// What the services of signing in share. Any thread.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "controlplane/identity/sessions.h"
#include "controlplane/store/sessions.h"
#include "sluice/admin/v1/auth.pb.h"

namespace sluice::api {

// `current`: the id of the session that asks, or "".
void to_message(const store::Session& row, const std::string& current, admin::v1::Session& into);
// As REST passes it on; empty for clients of gRPC.
[[nodiscard]] identity::ClientInfo client_of(const grpc::ServerContext& context);

}  // namespace sluice::api
