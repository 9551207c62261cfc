#include "tests/integration/enrolment/plane.h"

#include <sys/stat.h>

#include <fstream>

#include "common/base/uuid.h"
#include "sluice/usage/v1/usage.grpc.pb.h"
#include "tests/support/free_port.h"

namespace sluice::testing {

namespace {

constexpr const char* kToken = "bootstrap-token-of-the-enrolment-tests-000";
constexpr const char* kNodeToken = "node-token-of-the-enrolment-tests-00000000";

}  // namespace

void write_private(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
}

std::filesystem::path program(const std::string& plane, const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / plane / name;
}

Plane::Plane(const std::string& tls, const std::string& database)
    : database_(database.empty() ? PostgresServer::shared().fresh_database() : database),
      address_("127.0.0.2:" + std::to_string(free_port())),
      local_address_("127.0.0.1:" + std::to_string(free_port())) {
  write_private(dir_ / "kek", std::string(64, 'a'));
  write_private(dir_ / "pepper", std::string(64, 'b'));
  write_private(dir_ / "node_token", kNodeToken);
  write_private(dir_ / "bootstrap_token", kToken);
  std::ofstream(dir_ / "controlplane.yaml")
      << "database: \"" << database_ << "\"\ngrpc_listen: \"" << local_address_ << "\"\n"
      << "http_listen: \"127.0.0.1:" << free_port() << "\"\n"
      << "grpc_tls:\n  listen: \"" << address_ << "\"\n  names: [\"127.0.0.2\", \"cp.example\"]\n"
      << tls << "secrets:\n  key_encryption_key_file: kek\n  api_key_pepper_file: pepper\n"
      << "  node_token_file: node_token\n  bootstrap_token_file: bootstrap_token\n";
  process_ = std::make_unique<Process>(
      ProcessOptions{.argv = {program("controlplane", "sluice-controlplane"), "--config", dir_ / "controlplane.yaml"},
                     .log = dir_ / "log"});
  const auto channel = grpc::CreateChannel(local_address_, grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kGenerous)) {
    throw std::runtime_error("the control plane does not start: " + log_text());
  }
}

std::unique_ptr<admin::v1::NodeCertificateService::Stub> Plane::admin() const {
  return admin::v1::NodeCertificateService::NewStub(
      grpc::CreateChannel(local_address_, grpc::InsecureChannelCredentials()));
}

std::unique_ptr<grpc::ClientContext> Plane::context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("authorization", std::string("Bearer ") + kToken);
  context->set_deadline(std::chrono::system_clock::now() + kGenerous);
  return context;
}

admin::v1::CreateEnrolmentTokenResponse Plane::make_token(const std::string& node_id) const {
  admin::v1::CreateEnrolmentTokenRequest request;
  request.set_node_id(node_id);
  admin::v1::CreateEnrolmentTokenResponse response;
  const grpc::Status status = admin()->CreateEnrolmentToken(context().get(), request, &response);
  if (!status.ok()) throw std::runtime_error(status.error_message());
  return response;
}

Result<> TlsNode::open(const Plane& plane, const std::string& ca_pem, const std::string& token,
                       std::chrono::milliseconds trust_poll) {
  address_ = plane.address();
  if (!token.empty()) write_private(dir_ / "token", token);
  auto opened = enrolment::NodeCredentials::open({.address = address_,
                                                  .node_id = node_id_,
                                                  .identity_file = file(),
                                                  .ca_pem = ca_pem,
                                                  .token_file = token.empty() ? "" : dir_ / "token",
                                                  .trust_poll = trust_poll,
                                                  .attempts = 2},
                                                 real_clock());
  if (!opened) return std::unexpected(opened.error());
  credentials_ = std::move(*opened);
  return {};
}

sync::Endpoint TlsNode::endpoint() const {
  enrolment::Identity identity = credentials_->current();
  return {.address = address_,
          .token = Secret(),
          .ca_pem = credentials_->trusted(),
          .certificate_pem = std::move(identity.certificate_pem),
          .key_pem = std::move(identity.key_pem)};
}

void TlsNode::subscribe(const std::string& as) {
  sync::ClientOptions options;
  options.find_endpoint = [this] { return endpoint(); };
  options.identity = {as.empty() ? node_id_ : as, Uuid::generate(real_clock().now()).to_string(), "test", {}};
  client_ = std::make_unique<sync::Client>(std::move(options), real_clock());
}

void TlsNode::close() {
  client_.reset();
  credentials_.reset();
}

std::string TlsNode::serial() const {
  return must(pki::read_certificate(credentials_->current().certificate_pem)).serial;
}

grpc::Status say_hello(const sync::Endpoint& endpoint, const std::string& node_id) {
  const auto stub = config::v1::ConfigService::NewStub(sync::open_channel(endpoint));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGenerous);
  context.AddMetadata("authorization", "Bearer " + std::string(endpoint.token.reveal()));
  const auto stream = stub->Subscribe(&context);
  config::v1::SubscribeRequest request;
  request.mutable_hello()->set_node_id(node_id);
  request.mutable_hello()->set_boot_id("boot");
  request.mutable_hello()->set_wire_revision(sync::kWireRevision);
  (void)stream->Write(request);
  config::v1::SubscribeResponse response;
  const bool welcome = stream->Read(&response);
  if (welcome) context.TryCancel();
  const grpc::Status status = stream->Finish();
  return welcome ? grpc::Status::OK : status;
}

grpc::Status report_usage(const sync::Endpoint& endpoint, const std::string& node_id) {
  const auto stub = usage::v1::UsageService::NewStub(sync::open_channel(endpoint));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGenerous);
  context.AddMetadata("authorization", "Bearer " + std::string(endpoint.token.reveal()));
  const auto stream = stub->Report(&context);
  usage::v1::ReportRequest request;
  request.set_node_id(node_id);
  request.set_batch(1);
  (void)stream->Write(request);
  usage::v1::ReportResponse response;
  const bool taken = stream->Read(&response);
  if (taken) context.TryCancel();
  const grpc::Status status = stream->Finish();
  return taken ? grpc::Status::OK : status;
}

}  // namespace sluice::testing
