#include "controlplane/api/stream_access.h"

#include "controlplane/api/rest_stream.h"

namespace sluice::api {

StreamCaller stream_caller(const grpc::CallbackServerContext& context) {
  const auto get = [&](const char* name) {
    const auto found = context.client_metadata().find(name);
    return found == context.client_metadata().end() ? std::string()
                                                    : std::string(found->second.data(), found->second.size());
  };
  return {.credentials = {.authorization = get("authorization"),
                          .session = get(kSessionMetadata),
                          .csrf = get(kCsrfMetadata)},
          .last_event_id = get(kLastEventMetadata)};
}

grpc::Status may_stream(const AdminContext& admin, const StreamCaller& caller,
                        const google::protobuf::Message& request) {
  const AccessRule rule = access_rule(*request.GetDescriptor());
  if (caller.credentials.empty()) return to_status(identity::token_required());
  const std::string_view token = identity::bearer_token(caller.credentials.authorization);
  if (!admin.authenticator.is_bootstrap(token)) {
    if (Result<> in_rate = admin.rates.take(token.empty() ? caller.credentials.session : token); !in_rate) {
      return to_status(in_rate.error());
    }
  }
  const Result<> allowed = db::in_transaction(admin.pool, [&](db::Transaction& tx) -> Result<> {
    const auto found = admin.authenticator.authenticate(tx, caller.credentials, rule.safe);
    if (!found) return std::unexpected(found.error());
    const Result<Reach> reach = permit(rule, *found, request);
    return reach ? Result<>() : std::unexpected(reach.error());
  });
  return allowed ? grpc::Status::OK : to_status(allowed.error());
}

}  // namespace sluice::api
