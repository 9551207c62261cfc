// The data plane's config file, docs/operations in code: every key, its default and its range.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "common/base/status.h"
#include "common/config/section.h"
#include "common/observe/log.h"
#include "dataplane/request/services.h"

namespace sluice::bootstrap {

// Towards a control plane on another machine. docs/enrolment.md.
struct ControlPlaneTls {
  bool used = false;
  std::filesystem::path ca_file;               // who signs the control plane's certificate
  std::filesystem::path enrolment_token_file;  // empty: this node is enrolled
};

struct NodeConfig {
  std::string node_id;
  config::HostPort listen;
  config::HostPort admin_listen;
  int workers = 0;                            // 0: one per core
  std::string control_plane;                  // gRPC target: "unix:/path" or "host:port"
  ControlPlaneTls control_plane_tls;          // must be used unless the target is on this machine
  std::string redis;                          // "unix:/path" or "host:port"
  std::string redis_user;                     // with a password only; empty: the default user
  std::filesystem::path redis_password_file;  // empty: no password
  unsigned redis_database = 0;
  // A command that takes longer counts as Redis being slow: the node then decides by its share.
  std::chrono::milliseconds redis_command{50};
  std::filesystem::path data_dir;
  std::filesystem::path api_key_pepper_file;
  std::filesystem::path snapshot_key_file;
  std::filesystem::path node_token_file;         // empty with TLS: the certificate takes its place
  std::chrono::milliseconds snapshot_max_age{};  // of the disk copy at start
  std::chrono::milliseconds drain{};             // running requests may take so long after SIGTERM
  std::chrono::milliseconds quarantine{};        // after Redis lost its memory
  request::OverloadLimits overload;              // of one worker
  observe::Level log_level = observe::Level::kInfo;
  request::Settings request;
};

// Every problem of the file is in the error, one a line, with line number, key and what is allowed.
[[nodiscard]] Result<NodeConfig> read_node_config(const std::filesystem::path& path);

}  // namespace sluice::bootstrap
