#include "controlplane/api/session_messages.h"

#include "controlplane/api/admin_call.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/session_cookie.h"
#include "controlplane/enrolment/node_gate.h"

namespace sluice::api {

void to_message(const store::Session& row, const std::string& current, admin::v1::Session& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_network(row.network);
  into.set_user_agent(row.user_agent);
  into.set_second_factor(row.second_factor);
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_last_seen_at(), row.last_seen_at);
  set_time(into.mutable_expires_at(), row.expires_at);
  into.set_current(row.id == current);
}

// REST, on this machine, says who its client is; who comes over TLS might say anything.
identity::ClientInfo client_of(const grpc::ServerContext& context) {
  if (enrolment::over_tls(*context.auth_context())) {
    return {.network = peer_network(context.peer()), .user_agent = metadata_of(context, kUserAgentMetadata)};
  }
  return {.network = metadata_of(context, kNetworkMetadata), .user_agent = metadata_of(context, kUserAgentMetadata)};
}

}  // namespace sluice::api
