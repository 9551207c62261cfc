#include "controlplane/api/requests_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/usage_messages.h"
#include "controlplane/usage/events.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

Result<> read_stored(db::Transaction& tx, const std::string& id, v1::GetRequestResponse& into) {
  const auto decision = usage::find_decision(tx, id);
  if (!decision) return std::unexpected(decision.error());
  if (*decision) to_message(**decision, *into.mutable_decision());
  const auto event = usage::get_event(tx, id);
  if (!event && event.error().code != ErrorCode::kNotFound) return std::unexpected(event.error());
  if (event) to_message(*event, *into.mutable_usage_event());
  return {};
}

}  // namespace

grpc::Status RequestServiceImpl::GetRequest(grpc::ServerContext* context, const v1::GetRequestRequest* request,
                                            v1::GetRequestResponse* response) {
  std::string id;
  const grpc::Status read = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const Result<Uuid> parsed = Uuid::parse(request->id());
    if (!parsed) return fail(ErrorCode::kInvalidArgument, "id: " + parsed.error().message);
    id = parsed->to_string();
    return read_stored(call.tx, id, *response);
  });
  if (!read.ok() || response->has_decision()) return read;
  // Outside of the transaction: nodes take their time, and connections are few.
  if (const std::optional<usage::Decision> found = ask_nodes_(id)) to_message(*found, *response->mutable_decision());
  if (response->has_decision() || response->has_usage_event()) return grpc::Status::OK;
  return to_status({ErrorCode::kNotFound, "nothing is known of a request with this id"});
}

}  // namespace sluice::api
