#include "dataplane/bootstrap/node.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "common/base/termination.h"
#include "common/base/uuid.h"
#include "common/crypto/secret_file.h"
#include "common/observe/log.h"
#include "common/observe/process_metrics.h"
#include "dataplane/bootstrap/drain.h"
#include "dataplane/bootstrap/node_metrics.h"
#include "dataplane/provider/registry.h"

namespace sluice::bootstrap {

namespace {

using observe::Level;

// How long usage of the last requests may take to be acknowledged at the end; the rest waits in the journal.
constexpr std::chrono::seconds kLastReports{5};

int worker_count(const NodeConfig& config) {
  return config.workers > 0 ? config.workers : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::shared_ptr<const snapshot::Snapshot> load(const snapshot::DiskCopy& copy) {
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

// What the control plane has booked is not owed twice: the node's unacknowledged spending falls as the balance does.
void pass_on(std::span<const usage::AckedCost> costs, std::span<const usage::PurseBalance> balances,
             limit::NodeMoney& money) {
  std::vector<limit::Acknowledged> acknowledged;
  for (const usage::AckedCost& cost : costs)
    acknowledged.push_back({cost.purse, cost.cost_nano});
  std::vector<limit::NewBalance> known;
  for (const usage::PurseBalance& balance : balances)
    known.push_back({balance.purse, balance.balance_nano, balance.version});
  money.acknowledged(acknowledged, known);
}

}  // namespace

Result<> Node::read_secrets() {
  auto hasher = crypto::ApiKeyHasher::from_file(config_.api_key_pepper_file);
  if (!hasher) return std::unexpected(hasher.error());
  key_hasher_.emplace(std::move(*hasher));
  auto key = crypto::read_key_file(config_.snapshot_key_file, "snapshot key");
  if (!key) return std::unexpected(key.error());
  snapshot_key_ = std::move(*key);
  if (!config_.node_token_file.empty()) {
    auto token = crypto::read_secret_file(config_.node_token_file, "node token");
    if (!token) return std::unexpected(token.error());
    node_token_ = std::move(*token);
  }
  if (config_.redis_password_file.empty()) return {};
  auto password = crypto::read_secret_file(config_.redis_password_file, "Redis password");
  if (!password) return std::unexpected(password.error());
  redis_password_ = std::move(*password);
  return {};
}

Result<> Node::open_journal() {
  std::error_code error;
  std::filesystem::create_directories(config_.data_dir, error);
  if (error) {
    return fail(ErrorCode::kUnavailable, fmt::format("data_dir {}: {}", config_.data_dir.string(), error.message()));
  }
  auto journal = usage::Journal::open((config_.data_dir / "journal").string(), clock_);
  if (!journal) return std::unexpected(journal.error());
  journal_ = std::move(*journal);
  return {};
}

Result<> Node::make_workers() {
  auto redis = redis::parse_endpoint(config_.redis);
  if (!redis) return std::unexpected(redis.error());
  redis_ = *redis;
  limits_.emplace([this] {
    const sync::Client* sync = live_sync_.load();
    return sync == nullptr ? 1U : sync->live_nodes();
  });
  remember_unacknowledged();
  shared_.emplace(NodeShared{config_, clock_, *key_hasher_, *journal_, *limits_, redis_, redis_password_, metrics_,
                             [this](const pick::HealthNews& news) { report_health(news); },
                             [this](const std::string& id, std::uint64_t revision, unsigned status) {
                               report_credential(id, revision, status);
                             }});
  for (int i = 0; i < worker_count(config_); ++i) {
    auto worker = std::make_unique<WorkerRuntime>(i, *shared_);
    // Port 0 is chosen once and then shared.
    const std::uint16_t port = i == 0 ? config_.listen.port : workers_.front()->port();
    if (Result<> listening = worker->listen(config_.listen.host, port); !listening) return listening;
    workers_.push_back(std::move(worker));
  }
  return {};
}

// Workers start with the disk copy, so that the node serves although the control plane is away.
void Node::start_sync() {
  disk_copy_.emplace(
      snapshot::DiskCopyOptions{.path = (config_.data_dir / "snapshot.sealed").string(),
                                .key = snapshot_key_,
                                .max_age = std::chrono::duration_cast<std::chrono::seconds>(config_.snapshot_max_age)},
      clock_);
  disk_writer_.emplace(*disk_copy_, snapshot::DiskWriterOptions{}, [](const Error& error) {
    observe::log(Level::kWarn, "snapshot_not_saved", {{"cause", error.message}});
  });
  sync::ClientOptions options;
  options.find_endpoint = [this] { return endpoint(); };
  options.identity = {config_.node_id, Uuid::generate(clock_.now()).to_string(), SLUICE_VERSION, provider::features()};
  options.start = load(*disk_copy_);
  for (const auto& worker : workers_) {
    if (options.start) worker->holder().set(options.start);
    options.holders.push_back(&worker->holder());
    worker->start();
  }
  options.disk = &*disk_writer_;
  options.report = [this] { return report(); };
  options.on_drain = [this](bool drain) {
    if (taken_aside_.exchange(drain) != drain) observe::log(Level::kInfo, drain ? "taken_aside" : "taken_back");
  };
  options.find_decision = [this](const std::string& request_id) { return find_decision(request_id); };
  sync_ = std::make_unique<sync::Client>(std::move(options), clock_);
  live_sync_ = sync_.get();

  usage::UploaderOptions upload;
  upload.node_id = config_.node_id;
  upload.node_token = node_token_;
  upload.on_acknowledged = [this](std::span<const usage::AckedCost> costs,
                                  std::span<const usage::PurseBalance> balances) {
    pass_on(costs, balances, limits_->money);
  };
  upload.open_channel = [this] { return sync::open_channel(endpoint()); };
  uploader_ = std::make_unique<usage::Uploader>(*journal_, nullptr, std::move(upload));
}

// Not "control plane connected": a node that can serve is ready.
admin::Checks Node::readiness() {
  const auto check = [](bool good, const char* why) -> Result<> {
    return good ? Result<>() : fail(ErrorCode::kUnavailable, why);
  };
  return {{"config", [this, check] { return check(sync_->status().has_config, "no config has arrived yet"); }},
          {"journal", [this, check] { return check(journal_->writable(), "the journal cannot be written"); }},
          {"draining", [this, check] { return check(!away(), "the node is draining"); }}};
}

Result<> Node::start_admin() {
  observe::add_process_metrics(metrics_, "dataplane", SLUICE_VERSION, clock_.now());
  add_node_metrics(metrics_, *journal_, *uploader_, *sync_);
  auto server =
      admin::Server::open(config_.admin_listen.host, config_.admin_listen.port, clock_, readiness(), metrics_);
  if (!server) return std::unexpected(server.error());
  admin_ = std::move(*server);
  return {};
}

Result<> Node::start() {
  if (Result<> done = read_secrets(); !done) return done;
  if (Result<> done = open_journal(); !done) return done;
  if (Result<> done = open_credentials(); !done) return done;
  if (Result<> done = make_workers(); !done) return done;
  start_sync();
  if (Result<> done = start_admin(); !done) return done;
  observe::log(Level::kInfo, "started",
               {{"listen", fmt::format("{}:{}", config_.listen.host, workers_.front()->port())},
                {"admin_port", admin_->port()},
                {"workers", workers_.size()}});
  return {};
}

void Node::drain_and_stop() {
  draining_ = true;
  drain(workers_, config_.drain);
  for (const auto& worker : workers_)
    worker->stop();
  const bool reported = uploader_->flush(kLastReports);
  observe::log(Level::kInfo, "stopped", {{"usage_reported", reported}});
}

Node::~Node() {
  live_sync_ = nullptr;
}

int run_node(const NodeConfig& config) {
  const TerminationSignals signals;  // before any thread starts
  Node node(config);
  if (Result<> started = node.start(); !started) {
    observe::log(Level::kError, "start_failed", {{"cause", started.error().message}});
    return 1;
  }
  const int signal = signals.wait();
  observe::log(Level::kInfo, "draining", {{"signal", signal}});
  node.drain_and_stop();
  return 0;
}

}  // namespace sluice::bootstrap
