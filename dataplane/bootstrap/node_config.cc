#include "dataplane/bootstrap/node_config.h"

#include <fmt/format.h>

#include "common/config/document.h"

namespace sluice::bootstrap {

namespace {

using namespace std::chrono_literals;

observe::Level level_of(const std::string& word) {
  if (word == "debug") return observe::Level::kDebug;
  if (word == "warn") return observe::Level::kWarn;
  return word == "error" ? observe::Level::kError : observe::Level::kInfo;
}

// Plain text stays on this machine.
bool is_local(const std::string& target) {
  return target.starts_with("unix:") || target.starts_with("127.0.0.1:") || target.starts_with("[::1]:") ||
         target.starts_with("localhost:");
}

void read_control_plane(config::Section root, NodeConfig& node) {
  node.control_plane = root.required_text("control_plane");
  node.control_plane_tls.used = root.has("control_plane_tls");
  config::Section tls = root.section("control_plane_tls");
  if (node.control_plane_tls.used) {
    node.control_plane_tls.ca_file = tls.required_path("ca_file");
    node.control_plane_tls.enrolment_token_file = tls.path("enrolment_token_file", {});
  } else if (!node.control_plane.empty() && !is_local(node.control_plane)) {
    root.problem("control_plane",
                 "is on another machine, so it needs TLS: set control_plane_tls.ca_file and enrol this node "
                 "(docs/enrolment.md)");
  }
}

void read_limits(config::Section limits, request::Settings& into, request::OverloadLimits& overload) {
  into.max_body_bytes = limits.size("body", into.max_body_bytes, {.min = 1024, .max = 1024ULL * 1024 * 1024});
  into.max_answer_bytes = limits.size("answer", into.max_answer_bytes, {.min = 1024, .max = 1024ULL * 1024 * 1024});
  overload.connections = static_cast<std::size_t>(
      limits.integer("connections", static_cast<std::int64_t>(overload.connections), {.min = 1, .max = 1'000'000}));
  overload.body_bytes =
      limits.size("bodies", overload.body_bytes, {.min = 1024 * 1024, .max = 1024ULL * 1024 * 1024 * 1024});
  into.server.max_head_bytes = limits.size("head", into.server.max_head_bytes, {.min = 1024, .max = 1024 * 1024});
}

void read_times(config::Section times, request::Settings& into, request::OverloadLimits& overload) {
  const config::DurationRange range{.min = 10ms, .max = 24h};
  into.server.head_time = times.duration("head", into.server.head_time, range);
  into.server.body_time = times.duration("body", into.server.body_time, range);
  into.server.idle_time = times.duration("idle", into.server.idle_time, range);
  into.server.write_stall = times.duration("write_stall", into.server.write_stall, range);
  into.client.connect = times.duration("upstream_connect", into.client.connect, range);
  into.client.send = times.duration("upstream_send", into.client.send, range);
  into.first_byte = times.duration("upstream_first_byte", into.first_byte, range);
  overload.loop_delay = times.duration("overload_delay", overload.loop_delay, range);
  into.stream_idle = times.duration("upstream_idle", into.stream_idle, range);
  into.total = times.duration("total", into.total, range);
  into.drain_after_client = times.duration("drain_after_client", into.drain_after_client, range);
  into.keepalive = std::chrono::duration_cast<std::chrono::seconds>(
      times.duration("keepalive", into.keepalive, {.min = 1s, .max = 5min}));
}

}  // namespace

Result<NodeConfig> read_node_config(const std::filesystem::path& path) {
  auto document = config::Document::load(path);
  if (!document) return std::unexpected(document.error());
  config::Section root = document->root();
  NodeConfig node;
  node.node_id = root.required_text("node_id");
  node.listen = root.host_port("listen", "127.0.0.1:8080");
  node.admin_listen = root.host_port("admin_listen", "127.0.0.1:8081");
  node.workers = static_cast<int>(root.integer("workers", 0, {.min = 0, .max = 256}));
  read_control_plane(root, node);
  for (const std::string& text : root.text_list("trusted_proxies", {})) {
    auto network = parse_network(text);
    if (network) {
      node.request.trusted_proxies.push_back(*network);
    } else {
      root.problem("trusted_proxies", network.error().message);
    }
  }
  node.redis = root.required_text("redis");
  node.redis_user = root.text("redis_user", "");
  node.redis_password_file = root.text("redis_password_file", "");
  node.redis_database = static_cast<unsigned>(root.integer("redis_database", 0, {.min = 0, .max = 1023}));
  node.data_dir = root.required_path("data_dir");
  config::Section secrets = root.section("secrets");
  node.api_key_pepper_file = secrets.required_path("api_key_pepper_file");
  node.snapshot_key_file = secrets.required_path("snapshot_key_file");
  node.node_token_file =
      node.control_plane_tls.used ? secrets.path("node_token_file", {}) : secrets.required_path("node_token_file");
  node.snapshot_max_age = root.duration("snapshot_max_age", 24h, {.min = 1min, .max = 24h * 365});
  node.redis_command = root.duration("redis_command", node.redis_command, {.min = 5ms, .max = 10s});
  node.quarantine = root.duration("quarantine", 10s, {.min = 0ms, .max = 10min});
  node.drain = root.duration("drain", 30s, {.min = 0s, .max = 24h});
  node.log_level = level_of(root.section("log").choice("level", "info", {"debug", "info", "warn", "error"}));
  read_limits(root.section("limits"), node.request, node.overload);
  read_times(root.section("times"), node.request, node.overload);
  if (Result<> checked = document->finish(); !checked) return std::unexpected(checked.error());
  return node;
}

}  // namespace sluice::bootstrap
