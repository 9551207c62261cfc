// Who may open a stream: run() (admin_call.h) for calls that outlive a transaction. Blocking; any thread.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/server_callback.h>

#include <string>

#include "controlplane/api/admin_call.h"

namespace sluice::api {

// What a call's metadata say; the context is not needed any more.
struct StreamCaller {
  identity::Credentials credentials;
  std::string last_event_id;
};
[[nodiscard]] StreamCaller stream_caller(const grpc::CallbackServerContext& context);

// OK, or why not. `request` is the method's.
[[nodiscard]] grpc::Status may_stream(const AdminContext& admin, const StreamCaller& caller,
                                      const google::protobuf::Message& request);

}  // namespace sluice::api
