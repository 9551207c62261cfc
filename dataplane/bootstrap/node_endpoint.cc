// How the node reaches the control plane: a part of Node.
#include <fstream>
#include <iterator>

#include "dataplane/bootstrap/node.h"

namespace sluice::bootstrap {

Result<> Node::open_credentials() {
  if (!config_.control_plane_tls.used) return {};
  enrolment::CredentialsOptions options;
  options.address = config_.control_plane;
  options.node_id = config_.node_id;
  options.identity_file = config_.data_dir / "node_identity.pem";
  options.token_file = config_.control_plane_tls.enrolment_token_file;
  std::ifstream file(config_.control_plane_tls.ca_file, std::ios::binary);
  options.ca_pem = std::string(std::istreambuf_iterator<char>(file), {});
  if (const auto read = pki::read_certificate(options.ca_pem); !read) {
    return fail("control_plane_tls.ca_file " + config_.control_plane_tls.ca_file.string(), read.error());
  }
  auto credentials = enrolment::NodeCredentials::open(std::move(options), clock_);
  if (!credentials) return std::unexpected(credentials.error());
  credentials_ = std::move(*credentials);
  return {};
}

sync::Endpoint Node::endpoint() const {
  sync::Endpoint endpoint{.address = config_.control_plane, .token = node_token_};
  if (credentials_ == nullptr) return endpoint;
  enrolment::Identity identity = credentials_->current();
  endpoint.ca_pem = credentials_->trusted();
  endpoint.certificate_pem = std::move(identity.certificate_pem);
  endpoint.key_pem = std::move(identity.key_pem);
  return endpoint;
}

}  // namespace sluice::bootstrap
