#include "dataplane/enrolment/enrolment_client.h"

#include <grpcpp/grpcpp.h>

#include "common/pki/certificate.h"
#include "common/pki/request.h"
#include "sluice/enrolment/v1/enrolment.grpc.pb.h"

namespace sluice::enrolment {

namespace {

constexpr std::chrono::seconds kCall{10};
// The subject of a request does not count.
constexpr const char* kSubject = "node";

std::unique_ptr<v1::EnrolmentService::Stub> dial(const Server& server, const Identity* identity) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = server.ca_pem;
  if (identity != nullptr) {
    tls.pem_private_key = std::string(identity->key_pem.reveal());
    tls.pem_cert_chain = identity->certificate_pem;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return v1::EnrolmentService::NewStub(grpc::CreateCustomChannel(server.address, grpc::SslCredentials(tls), arguments));
}

Result<> result_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return {};
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
      return fail(ErrorCode::kInvalidArgument, status.error_message());
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return fail(ErrorCode::kPermissionDenied, status.error_message());
    default:
      return fail(ErrorCode::kUnavailable, status.error_message());
  }
}

void set_deadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kCall);
}

// What came must be usable: it takes the place of what works.
template <class Response>
Result<Identity> identity_from(const Response& response, const Secret& key_pem) {
  Identity identity{.key_pem = key_pem, .certificate_pem = response.certificate_pem(), .ca_pem = response.ca_pem()};
  if (const auto read = pki::read_certificate(identity.certificate_pem); !read) return std::unexpected(read.error());
  if (const auto read = pki::read_certificate(identity.ca_pem); !read) return std::unexpected(read.error());
  return identity;
}

}  // namespace

Result<Identity> enrol(const Server& server, const Secret& token, const std::string& node_id, const Secret& key_pem) {
  auto request_pem = pki::make_request(key_pem, kSubject);
  if (!request_pem) return std::unexpected(request_pem.error());
  v1::EnrolRequest request;
  request.set_token(std::string(token.reveal()));
  request.set_node_id(node_id);
  request.set_csr_pem(std::move(*request_pem));
  v1::EnrolResponse response;
  grpc::ClientContext context;
  set_deadline(context);
  if (Result<> done = result_of(dial(server, nullptr)->Enrol(&context, request, &response)); !done) {
    return std::unexpected(done.error());
  }
  return identity_from(response, key_pem);
}

Result<Identity> renew(const Server& server, const Identity& identity) {
  const auto key = pki::make_key();
  if (!key) return std::unexpected(key.error());
  auto request_pem = pki::make_request(*key, kSubject);
  if (!request_pem) return std::unexpected(request_pem.error());
  v1::RenewRequest request;
  request.set_csr_pem(std::move(*request_pem));
  v1::RenewResponse response;
  grpc::ClientContext context;
  set_deadline(context);
  if (Result<> done = result_of(dial(server, &identity)->Renew(&context, request, &response)); !done) {
    return std::unexpected(done.error());
  }
  return identity_from(response, *key);
}

Result<std::string> get_trust(const Server& server) {
  v1::GetTrustResponse response;
  grpc::ClientContext context;
  set_deadline(context);
  if (Result<> done = result_of(dial(server, nullptr)->GetTrust(&context, {}, &response)); !done) {
    return std::unexpected(done.error());
  }
  if (const auto read = pki::read_certificate(response.ca_pem()); !read) return std::unexpected(read.error());
  return response.ca_pem();
}

}  // namespace sluice::enrolment
