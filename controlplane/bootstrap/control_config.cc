#include "controlplane/bootstrap/control_config.h"

#include "common/config/document.h"
#include "common/config/scalars.h"

namespace sluice::bootstrap {

namespace {

observe::Level level_of(const std::string& word) {
  if (word == "debug") return observe::Level::kDebug;
  if (word == "warn") return observe::Level::kWarn;
  return word == "error" ? observe::Level::kError : observe::Level::kInfo;
}

bool is_local(const std::string& address) {
  return address.starts_with("unix:") || address.starts_with("127.0.0.1:") || address.starts_with("[::1]:") ||
         address.starts_with("localhost:");
}

void read_grpc_tls(config::Section section, GrpcTlsConfig& tls) {
  using namespace std::chrono_literals;
  tls.listen = section.text("listen", "");
  tls.names = section.text_list("names", {});
  tls.certificate_file = section.path("certificate_file", {});
  tls.key_file = section.path("key_file", {});
  tls.node_certificate_life = std::chrono::duration_cast<std::chrono::seconds>(
      section.duration("node_certificate_life", 24h * 30, {.min = 10s, .max = 24h * 365}));
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    section.problem("certificate_file", "needs key_file, and key_file needs it");
  }
  if (tls.listen.empty()) return;
  const auto address = config::parse_host_port(tls.listen);
  if (!address || address->port == 0) section.problem("listen", "must be address:port, such as 0.0.0.0:7443");
  if (tls.certificate_file.empty() && tls.names.empty()) {
    section.problem("names", "must list the DNS names or addresses under which nodes dial this server");
  }
}

bool is_loopback(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

}  // namespace

Result<ControlConfig> read_control_config(const std::filesystem::path& path) {
  auto document = config::Document::load(path);
  if (!document) return std::unexpected(document.error());
  config::Section root = document->root();
  ControlConfig control;
  control.database = Secret(root.required_text("database"));
  control.database_pool = static_cast<int>(root.integer("database_pool", 8, {.min = 2, .max = 200}));
  control.grpc_listen = root.required_text("grpc_listen");
  if (!control.grpc_listen.empty() && !is_local(control.grpc_listen)) {
    root.problem("grpc_listen",
                 "is plain text, so it must be unix:/path or a loopback address; for other machines set "
                 "grpc_tls.listen and grpc_tls.names (docs/enrolment.md)");
  }
  read_grpc_tls(root.section("grpc_tls"), control.grpc_tls);
  control.http_listen = root.host_port("http_listen", "127.0.0.1:8090");
  if (!is_loopback(control.http_listen.host)) {
    root.problem("http_listen", "must be a loopback address: there is no TLS yet; put a TLS proxy in front");
  }
  for (const std::string& text : root.text_list("allow_private_upstreams", {})) {
    auto network = accounts::parse_network(text);
    if (network) {
      control.allow_private_upstreams.push_back(*network);
    } else {
      root.problem("allow_private_upstreams", network.error().message);
    }
  }
  for (const std::string& text : root.text_list("trusted_proxies", {})) {
    auto network = parse_network(text);
    if (network) {
      control.trusted_proxies.push_back(*network);
    } else {
      root.problem("trusted_proxies", network.error().message);
    }
  }
  control.secure_cookies = root.boolean("secure_cookies", true);
  config::Section secrets = root.section("secrets");
  control.key_encryption_key_file = secrets.required_path("key_encryption_key_file");
  control.key_encryption_key_version =
      static_cast<int>(secrets.integer("key_encryption_key_version", 1, {.min = 1, .max = 1'000'000}));
  control.previous_key_encryption_key_file = secrets.path("previous_key_encryption_key_file", {});
  if (!control.previous_key_encryption_key_file.empty() && control.key_encryption_key_version == 1) {
    secrets.problem("key_encryption_key_version", "must be 2 or more where there is a previous key");
  }
  control.api_key_pepper_file = secrets.required_path("api_key_pepper_file");
  control.node_token_file = secrets.required_path("node_token_file");
  control.bootstrap_token_file = secrets.required_path("bootstrap_token_file");
  control.setup_token_file = secrets.path("setup_token_file", {});
  control.log_level = level_of(root.section("log").choice("level", "info", {"debug", "info", "warn", "error"}));
  if (Result<> checked = document->finish(); !checked) return std::unexpected(checked.error());
  return control;
}

}  // namespace sluice::bootstrap
