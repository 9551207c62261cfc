#include "controlplane/api/admin_call.h"

#include <google/protobuf/util/json_util.h>

#include "common/base/uuid.h"
#include "controlplane/api/idempotency.h"

namespace sluice::api {

namespace {

std::optional<std::string> to_json(const google::protobuf::Message* message) {
  if (message == nullptr) return std::nullopt;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*message, &json).ok()) return std::nullopt;
  return json;
}

grpc::StatusCode code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kAlreadyExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case ErrorCode::kUnauthenticated:
      return grpc::StatusCode::UNAUTHENTICATED;
    case ErrorCode::kPermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::kUnavailable:
    case ErrorCode::kClosed:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::kCancelled:
      return grpc::StatusCode::CANCELLED;
    case ErrorCode::kDataLoss:
      return grpc::StatusCode::DATA_LOSS;
    case ErrorCode::kInternal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

// The store's words for a revision that is no longer the stored one (controlplane/store/users.h).
constexpr std::string_view kStale = "changed meanwhile";

}  // namespace

Result<> Call::audit(std::string action, std::string kind, std::string id, const google::protobuf::Message* before,
                     const google::protobuf::Message* after) {
  store::AuditRecord record;
  record.id = Uuid::generate(clock.now()).to_string();
  record.actor = actor;
  record.action = std::move(action);
  record.object_kind = std::move(kind);
  record.object_id = std::move(id);
  record.before = to_json(before);
  record.after = to_json(after);
  record.request_id = request_id;
  return store::append_audit(tx, record);
}

grpc::Status to_status(const Error& error) {
  if (error.code == ErrorCode::kFailedPrecondition && error.message.find(kStale) != std::string::npos) {
    return {grpc::StatusCode::ABORTED, error.message};
  }
  return {code_of(error.code), error.message};
}

std::string metadata_of(const grpc::ServerContext& context, const char* name) {
  const auto& all = context.client_metadata();
  const auto found = all.find(name);
  return found == all.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

identity::Credentials credentials_of(const grpc::ServerContext& context) {
  return {.authorization = metadata_of(context, "authorization"),
          .session = metadata_of(context, kSessionMetadata),
          .csrf = metadata_of(context, kCsrfMetadata)};
}

std::string request_id_of(const grpc::ServerContext& context, const Clock& clock) {
  std::string given = metadata_of(context, "x-request-id");
  return given.empty() ? Uuid::generate(clock.now()).to_string() : given;
}

namespace {

// What a call is, as its metadata say, and how it goes.
struct Frame {
  identity::Credentials credentials;
  std::string request_id;
  std::string idempotency_key;
  bool dry_run = false;
  bool tried = false;  // a dry run went well, and is rolled back
};

Frame frame_of(const grpc::ServerContext& context, const Clock& clock) {
  return {.credentials = credentials_of(context),
          .request_id = request_id_of(context, clock),
          .idempotency_key = metadata_of(context, kIdempotencyMetadata),
          .dry_run = metadata_of(context, kDryRunMetadata) == "true"};
}

// What needs no database: without any token there is nothing to look up for a stranger.
Result<> check_before(const AdminContext& admin, const AccessRule& rule, const Frame& frame) {
  if (!rule.open && frame.credentials.empty()) return std::unexpected(identity::token_required());
  const std::string_view token = identity::bearer_token(frame.credentials.authorization);
  if (!rule.open && !admin.authenticator.is_bootstrap(token)) {
    if (Result<> in_rate = admin.rates.take(token.empty() ? frame.credentials.session : token); !in_rate) {
      return in_rate;
    }
  }
  return {};
}

Result<> check_wishes(const AccessRule& rule, const Frame& frame) {
  if (frame.dry_run && rule.outside) {
    return fail(ErrorCode::kInvalidArgument, rule.method + " has effects elsewhere: it cannot be tried");
  }
  return IdempotentCall::check(frame.idempotency_key, rule);
}

Result<> run_body(const AdminContext& admin, Call& call, const AccessRule& rule, const Frame& frame,
                  const google::protobuf::Message& request, google::protobuf::Message& response, const CallBody& body) {
  response.Clear();
  if (frame.idempotency_key.empty()) return body(call);
  IdempotentCall once(admin.vault, admin.clock);
  const auto replayed = once.begin(call.tx, call.actor, frame.idempotency_key, rule, request, response);
  if (!replayed) return std::unexpected(replayed.error());
  if (*replayed) return {};
  if (Result<> done = body(call); !done) return done;
  return once.end(call.tx, response);
}

}  // namespace

grpc::Status run_call(const AdminContext& admin, const grpc::ServerContext& context, const AccessRule& rule,
                      const google::protobuf::Message& request, google::protobuf::Message& response,
                      const CallBody& body) {
  Frame frame = frame_of(context, admin.clock);
  if (Result<> fine = check_before(admin, rule, frame); !fine) return to_status(fine.error());
  const Result<> done = db::in_transaction(admin.pool, [&](db::Transaction& tx) -> Result<> {
    Call call{.tx = tx, .clock = admin.clock, .actor = {}, .request_id = frame.request_id};
    if (!rule.open) {
      auto caller = admin.authenticator.authenticate(tx, frame.credentials, rule.safe);
      if (!caller) return std::unexpected(caller.error());
      call.caller = std::move(*caller);
    }
    call.actor = call.caller.actor;
    const Result<Reach> reach = permit(rule, call.caller, request);
    if (!reach) return std::unexpected(reach.error());
    call.reach = *reach;
    if (Result<> fine = check_wishes(rule, frame); !fine) return fine;
    if (Result<> ran = run_body(admin, call, rule, frame, request, response, body); !ran || !frame.dry_run) return ran;
    frame.tried = true;
    return fail(ErrorCode::kCancelled, "dry run");
  });
  return done || frame.tried ? grpc::Status::OK : to_status(done.error());
}

}  // namespace sluice::api
