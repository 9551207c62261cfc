// The control plane's config file: every key, its default and its range.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/network.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/config/section.h"
#include "common/observe/log.h"
#include "controlplane/accounts/base_url_guard.h"

namespace sluice::bootstrap {

// The port of nodes and clients on other machines. docs/enrolment.md.
struct GrpcTlsConfig {
  std::string listen;                      // "0.0.0.0:7443"; empty: there is none
  std::vector<std::string> names;          // under which it is dialed; for the certificate of the fleet's own authority
  std::filesystem::path certificate_file;  // the operator's own certificate and key instead; both or none
  std::filesystem::path key_file;
  std::chrono::seconds node_certificate_life{};
};

struct ControlConfig {
  Secret database;  // libpq connection string; may hold a password
  int database_pool = 8;
  std::string grpc_listen;  // plain text: "unix:/path" or a loopback address with port
  GrpcTlsConfig grpc_tls;
  config::HostPort http_listen;
  std::filesystem::path key_encryption_key_file;
  int key_encryption_key_version = 1;
  std::filesystem::path previous_key_encryption_key_file;  // of the version before; empty: none
  std::filesystem::path api_key_pepper_file;
  std::filesystem::path node_token_file;
  std::filesystem::path bootstrap_token_file;
  std::filesystem::path setup_token_file;  // for the first owner; empty: none
  // Whose x-forwarded-for is believed.
  std::vector<Network> trusted_proxies;
  // false only where browsers speak plain http to this machine.
  bool secure_cookies = true;
  std::vector<accounts::Network> allow_private_upstreams;
  observe::Level log_level = observe::Level::kInfo;
};

// Every problem of the file is in the error, one a line, with line number, key and what is allowed.
[[nodiscard]] Result<ControlConfig> read_control_config(const std::filesystem::path& path);

}  // namespace sluice::bootstrap
