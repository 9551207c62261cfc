#include "controlplane/api/rest.h"

#include <fmt/core.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "common/base/uuid.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/api/byte_buffers.h"
#include "controlplane/api/http_answer.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/openapi.h"
#include "controlplane/api/problem.h"
#include "controlplane/api/rest_stream.h"
#include "controlplane/api/session_cookie.h"
#include "controlplane/api/transcode.h"

namespace sluice::api {

using http::WholeAnswer;
using http::WholeRequest;
using Reply = http::MessageServer::Reply;

namespace {

constexpr std::size_t kMaxRequestId = 64;

bool is_json(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' '))
    type.pop_back();
  for (char& c : type)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type == "application/json";
}

// What goes into gRPC metadata: gRPC aborts the call on anything else.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

// One call under way; owned by its completion.
struct Rest::Call {
  std::shared_ptr<const Schema> schema;
  const Route route;
  const std::string id;
  const Reply reply;
  const std::shared_ptr<CallsInFlight> calls;
  const bool secure_cookies;
  std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();
  grpc::ByteBuffer request{};
  grpc::ByteBuffer response{};

  // On a thread of gRPC's. Nothing of the call is left when it leaves.
  static void complete(std::shared_ptr<Call> call, const grpc::Status& status) {
    call->finish(status);
    const std::shared_ptr<CallsInFlight> calls = call->calls;
    const grpc::ClientContext* context = call->context.get();
    call.reset();
    calls->leave(context);
  }

  void finish(const grpc::Status& status) {
    if (!status.ok()) return reply(answer(problem_of(status), id));
    const Result<std::string> text = answer_json(*schema, route, to_string(response));
    if (!text) return reply(answer(problem_of(to_status(text.error())), id));
    WholeAnswer out = make_answer(200, "application/json", *text, id);
    add_cookie(out);
    reply(std::move(out));
  }

  // What the method says of the session (session_cookie.h).
  void add_cookie(WholeAnswer& out) const {
    const auto& said = context->GetServerTrailingMetadata();
    if (const auto token = said.find(kSetSessionMetadata); token != said.end()) {
      const std::string_view value(token->second.data(), token->second.size());
      out.fields.emplace_back("set-cookie", session_cookie_field(value, secure_cookies));
    } else if (said.contains(kClearSessionMetadata)) {
      out.fields.emplace_back("set-cookie", no_session_cookie_field(secure_cookies));
    }
  }
};

Rest::Rest(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock, RestOptions options)
    : clock_(clock),
      options_(std::move(options)),
      schema_(std::make_shared<const Schema>()),
      routes_(*schema_),
      openapi_(openapi(*schema_, routes_, options_.version)),
      stub_(channel) {}

Rest::~Rest() {
  finish_calls();
}

void Rest::finish_calls() {
  calls_->cancel();
  calls_->wait();
}

std::string Rest::request_id(const WholeRequest& request) const {
  const std::string_view given = request.field("x-request-id");
  const bool good =
      !given.empty() && given.size() <= kMaxRequestId && std::all_of(given.begin(), given.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
      });
  return good ? std::string(given) : Uuid::generate(clock_.now()).to_string();
}

WholeAnswer Rest::refuse(const http::Refusal& refusal) const {
  return answer(problem_of(refusal.status, refusal.message), Uuid::generate(clock_.now()).to_string());
}

bool Rest::answer_page(const WholeRequest& request, const std::string& id, const Reply& reply) const {
  const std::string& path = request.path;
  if (path != "/healthz" && path != "/readyz" && path != "/metrics" && path != "/openapi.json") return false;
  if (request.method != "GET" && request.method != "HEAD") {
    WholeAnswer refused = answer(problem_of(405, "this path allows: GET"), id);
    refused.fields.emplace_back("allow", "GET");
    reply(std::move(refused));
  } else if (path == "/healthz") {
    reply(make_answer(200, "text/plain", "ok\n", id));
  } else if (path == "/readyz") {
    const std::string why = options_.not_ready();
    reply(why.empty() ? make_answer(200, "text/plain", "ready\n", id) : answer(problem_of(503, why), id));
  } else if (path == "/metrics") {
    reply(make_answer(200, "text/plain; version=0.0.4", options_.metrics(), id));
  } else {
    reply(make_answer(200, "application/json", openapi_, id));
  }
  return true;
}

void Rest::handle(WholeRequest request, const Reply& reply) {
  std::string id = request_id(request);
  if (answer_page(request, id, reply)) return;
  RouteMatch match = routes_.match(request.method, request.path);
  if (match.route == nullptr) {
    if (match.allow.empty()) return reply(answer(problem_of(404, "there is no path " + request.path), id));
    WholeAnswer refused = answer(problem_of(405, "this path allows: " + match.allow), id);
    refused.fields.emplace_back("allow", match.allow);
    return reply(std::move(refused));
  }
  // Before anything is said about the content: who has no token learns nothing from it. Outside of /admin/ each RPC
  // says itself what it wants to see.
  const bool needs_token = match.route->path.starts_with("/admin/");
  const std::string_view authorization = request.field("authorization");
  const std::string_view session = session_cookie(request);
  if ((needs_token && authorization.empty() && session.empty()) || !is_printable(authorization) ||
      !is_printable(session)) {
    const grpc::Status status(grpc::StatusCode::UNAUTHENTICATED, "send \"authorization: Bearer TOKEN\"");
    return reply(answer(problem_of(status), id));
  }
  // A page of somebody else must not sign its visitor in as another.
  if (!needs_token && request.method == "POST" && request.field("sec-fetch-site") == "cross-site") {
    return reply(answer(problem_of({grpc::StatusCode::PERMISSION_DENIED, "not from pages of other sites"}), id));
  }
  const std::string_view type = request.field("content-type");
  if (!request.body.empty() && !type.empty() && !is_json(type)) {
    return reply(answer(problem_of(415, "send content-type: application/json"), id));
  }
  Result<std::string> message = request_bytes(*schema_, *match.route, match.variables, request.query, request.body);
  if (!message) return reply(answer(problem_of(to_status(message.error())), id));
  call(*match.route, std::move(*message), request, std::move(id), reply);
}

void Rest::add_metadata(grpc::ClientContext& context, const WholeRequest& request, const std::string& id) const {
  context.AddMetadata("authorization", std::string(request.field("authorization")));
  context.AddMetadata("x-request-id", id);
  for (const char* name : {kIdempotencyMetadata, kLastEventMetadata}) {
    if (const std::string_view value = request.field(name); !value.empty() && is_printable(value)) {
      context.AddMetadata(name, std::string(value));
    }
  }
  if (const std::string_view session = session_cookie(request); !session.empty()) {
    context.AddMetadata(kSessionMetadata, std::string(session));
    const std::string_view csrf = request.field("x-csrf-token");
    if (is_printable(csrf)) context.AddMetadata(kCsrfMetadata, std::string(csrf));
  }
  context.AddMetadata(kNetworkMetadata, client_network(request, options_.trusted_proxies));
  const std::string_view agent = request.field("user-agent").substr(0, 200);
  if (is_printable(agent)) context.AddMetadata(kUserAgentMetadata, std::string(agent));
  if (request.field(kDryRunMetadata) == "true") context.AddMetadata(kDryRunMetadata, "true");
}

void Rest::call(const Route& route, std::string message, const WholeRequest& request, std::string id,
                const Reply& reply) {
  auto call = std::make_shared<Call>(schema_, route, std::move(id), reply, calls_, options_.secure_cookies);
  if (!calls_->enter(call->context)) return reply(answer(problem_of(503, "the control plane is stopping"), call->id));
  add_metadata(*call->context, request, call->id);
  // A stream takes as long as its client listens.
  if (route.method->server_streaming()) {
    return start_stream(stub_, {schema_, route, call->id, reply, calls_, std::move(call->context), std::move(message)});
  }
  call->context->set_deadline(std::chrono::system_clock::now() + options_.call_time);
  call->request = to_buffer(message);
  stub_.UnaryCall(call->context.get(), route.rpc_name, grpc::StubOptions(), &call->request, &call->response,
                  [call](const grpc::Status& status) mutable { Call::complete(std::move(call), status); });
}

}  // namespace sluice::api
