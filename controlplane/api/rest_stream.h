// A server-streaming RPC as a stream of server-sent events: `id: N` if the message has a field event_id, and `data:`
// with the message as JSON; an error after the first message is `event: error` with problem details. An error before
// it, and every answer to a method that says nothing at first, is as for other methods: so a streaming method sends its
// first message at once.
#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>

#include "common/http/message_server.h"
#include "controlplane/api/calls_in_flight.h"
#include "controlplane/api/route_table.h"
#include "controlplane/api/schema.h"

namespace sluice::api {

// Metadata, from the HTTP header of the same name: the `id` of the last event that a client saw.
inline constexpr const char* kLastEventMetadata = "last-event-id";
// What a server says while there is nothing to say (http::PumpOptions::ping).
inline constexpr const char* kEventPing = ": keep-alive\n\n";

struct RestStream {
  std::shared_ptr<const Schema> schema;
  Route route;
  std::string id;  // of the request
  http::MessageServer::Reply reply;
  std::shared_ptr<CallsInFlight> calls;
  std::shared_ptr<grpc::ClientContext> context;  // entered in `calls`
  std::string request;
};

// Begins the call; it owns itself until gRPC is done with it, and then leaves `calls`.
void start_stream(grpc::GenericStub& stub, RestStream stream);

}  // namespace sluice::api
