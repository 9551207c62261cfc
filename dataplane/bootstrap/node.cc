#include "dataplane/bootstrap/node.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "common/base/uuid.h"
#include "common/crypto/secret_file.h"
#include "common/observe/log.h"
#include "common/observe/process_metrics.h"
#include "dataplane/admin/server.h"
#include "dataplane/bootstrap/drain.h"
#include "dataplane/bootstrap/worker_runtime.h"
#include "dataplane/provider/registry.h"
#include "dataplane/snapshot/disk_copy.h"
#include "dataplane/snapshot/disk_writer.h"
#include "dataplane/sync/client.h"
#include "dataplane/usage/uploader.h"

namespace sluice::bootstrap {

namespace {

using observe::Level;

int refuse(const Error& error) {
  observe::log(Level::kError, "start_failed", {{"cause", error.message}});
  return 1;
}

// The files that hold this node's secrets.
struct Secrets {
  crypto::ApiKeyHasher key_hasher;
  Secret snapshot_key;
  Secret node_token;
};

Result<Secrets> read_secrets(const NodeConfig& config) {
  auto hasher = crypto::ApiKeyHasher::from_file(config.api_key_pepper_file);
  if (!hasher) return std::unexpected(hasher.error());
  auto key = crypto::read_key_file(config.snapshot_key_file, "snapshot key");
  if (!key) return std::unexpected(key.error());
  auto token = crypto::read_secret_file(config.node_token_file, "node token");
  if (!token) return std::unexpected(token.error());
  return Secrets{std::move(*hasher), std::move(*key), std::move(*token)};
}

std::shared_ptr<const snapshot::Snapshot> load_disk_copy(const snapshot::DiskCopy& copy) {
  auto loaded = copy.load();
  if (loaded) {
    observe::log(Level::kInfo, "snapshot_loaded",
                 {{"version", (*loaded)->version_number()}, {"resources", (*loaded)->size()}});
    return std::move(*loaded);
  }
  if (loaded.error().code != ErrorCode::kNotFound) {
    observe::log(Level::kWarn, "snapshot_not_usable", {{"cause", loaded.error().message}});
  }
  return nullptr;
}

int worker_count(const NodeConfig& config) {
  if (config.workers > 0) return config.workers;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

usage::UploaderOptions uploader_options(const NodeConfig& config, const Secret& token) {
  usage::UploaderOptions options;
  options.node_id = config.node_id;
  options.node_token = token;
  return options;
}

// Blocks until a signal to end comes. The signals are blocked in every thread (see run_node).
int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

int run_node(const NodeConfig& config) {
  const sigset_t signals = block_signals();  // before any thread starts, so that all inherit it
  const RealClock clock;
  auto secrets = read_secrets(config);
  if (!secrets) return refuse(secrets.error());
  std::error_code made;
  std::filesystem::create_directories(config.data_dir, made);
  auto journal = usage::Journal::open((config.data_dir / "journal").string(), clock);
  if (!journal) return refuse(journal.error());
  auto redis = redis::parse_endpoint(config.redis);
  if (!redis) return refuse(redis.error());

  observe::MetricsRegistry metrics;
  observe::add_process_metrics(metrics, "dataplane", SLUICE_VERSION, clock.now());
  std::atomic<sync::Client*> sync_client = nullptr;
  limit::LocalShare local_share([&sync_client] {
    const sync::Client* client = sync_client.load();
    return client == nullptr ? 1U : client->live_nodes();
  });
  NodeShared shared{config, clock, secrets->key_hasher, **journal, local_share, *redis, metrics};

  std::vector<std::unique_ptr<WorkerRuntime>> workers;
  std::vector<snapshot::SnapshotHolder*> holders;
  for (int i = 0; i < worker_count(config); ++i) {
    workers.push_back(std::make_unique<WorkerRuntime>(i, shared));
    // Port 0 is chosen once and then shared.
    const std::uint16_t port = i == 0 ? config.listen.port : workers.front()->port();
    if (Result<> listening = workers.back()->listen(config.listen.host, port); !listening) {
      return refuse(listening.error());
    }
    holders.push_back(&workers.back()->holder());
  }

  const snapshot::DiskCopy disk_copy(
      {.path = (config.data_dir / "snapshot.sealed").string(),
       .key = secrets->snapshot_key,
       .max_age = std::chrono::duration_cast<std::chrono::seconds>(config.snapshot_max_age)},
      clock);
  snapshot::DiskWriter disk_writer(disk_copy, {}, [](const Error& error) {
    observe::log(Level::kWarn, "snapshot_not_saved", {{"cause", error.message}});
  });
  const auto channel = grpc::CreateChannel(config.control_plane, grpc::InsecureChannelCredentials());
  usage::Uploader uploader(**journal, channel, uploader_options(config, secrets->node_token));

  std::atomic<bool> draining = false;
  sync::ClientOptions sync_options;
  sync_options.endpoint.address = config.control_plane;
  sync_options.endpoint.token = secrets->node_token;
  sync_options.identity = {config.node_id, Uuid::generate(clock.now()).to_string(), SLUICE_VERSION,
                           provider::features()};
  sync_options.start = load_disk_copy(disk_copy);
  for (snapshot::SnapshotHolder* holder : holders) {
    if (sync_options.start) holder->set(sync_options.start);
  }
  sync_options.holders = holders;
  sync_options.disk = &disk_writer;
  observe::Gauge& open_requests = metrics.gauge("sluice_open_requests", "Requests being served");
  sync_options.report = [&] {
    const usage::JournalStats stats = (*journal)->stats();
    return sync::Report{.ready = !draining && (*journal)->writable(),
                        .draining = draining,
                        .open_streams = static_cast<std::uint64_t>(open_requests.Value()),
                        .journal_records = stats.records,
                        .journal_oldest_ms = static_cast<std::uint64_t>(stats.oldest.count())};
  };
  for (const auto& worker : workers)
    worker->start();
  sync::Client sync(std::move(sync_options), clock);
  sync_client = &sync;

  admin::Checks checks;
  checks.push_back({"config", [&sync]() -> Result<> {
                      if (sync.status().has_config) return {};
                      return fail(ErrorCode::kUnavailable, "no config has arrived yet");
                    }});
  checks.push_back({"journal", [&journal]() -> Result<> {
                      if ((*journal)->writable()) return {};
                      return fail(ErrorCode::kUnavailable, "the journal cannot be written");
                    }});
  checks.push_back({"draining", [&draining]() -> Result<> {
                      if (!draining) return {};
                      return fail(ErrorCode::kUnavailable, "the node is draining");
                    }});
  auto admin_server =
      admin::Server::open(config.admin_listen.host, config.admin_listen.port, clock, std::move(checks), metrics);
  if (!admin_server) {
    sync_client = nullptr;
    return refuse(admin_server.error());
  }
  observe::log(
      Level::kInfo, "started",
      {{"listen", fmt::format("{}:{}", config.listen.host, workers.front()->port())}, {"workers", workers.size()}});

  const int signal = wait_for_signal(signals);
  observe::log(Level::kInfo, "draining", {{"signal", signal}});
  draining = true;
  drain(workers, config.drain);
  for (const auto& worker : workers)
    worker->stop();
  const bool flushed = uploader.flush(std::chrono::seconds(5));
  observe::log(Level::kInfo, "stopped", {{"usage_reported", flushed}});
  sync_client = nullptr;
  return 0;
}

}  // namespace sluice::bootstrap
