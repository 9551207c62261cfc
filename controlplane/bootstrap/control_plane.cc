#include "controlplane/bootstrap/control_plane.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/base/termination.h"
#include "common/base/uuid.h"
#include "common/crypto/api_key.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/vault.h"
#include "common/observe/metrics.h"
#include "common/observe/process_metrics.h"
#include "controlplane/alerts/deliverer.h"
#include "controlplane/api/edit_accounts_job.h"
#include "controlplane/api/export_usage_job.h"
#include "controlplane/billing/ledger_checks.h"
#include "controlplane/billing/usage_service.h"
#include "controlplane/bootstrap/database.h"
#include "controlplane/bootstrap/http_front.h"
#include "controlplane/bootstrap/services.h"
#include "controlplane/db/pool.h"
#include "controlplane/enrolment/enrolment_service.h"
#include "controlplane/enrolment/keeper.h"
#include "controlplane/jobs/runner.h"
#include "controlplane/live/hub.h"
#include "controlplane/oauth/refresher.h"
#include "controlplane/oauth/reseal.h"
#include "controlplane/publish/config_service.h"
#include "controlplane/publish/health_recorder.h"
#include "controlplane/publish/publisher.h"

namespace sluice::bootstrap {

namespace {

using observe::Level;

// Requests are small; what a node reports in one batch is not.
constexpr int kMaxMessageBytes = 16 * 1024 * 1024;
constexpr int kMaxThreads = 64;
// For the decision record of a request that is not stored yet.
constexpr std::chrono::milliseconds kNodesMayThink{2'000};

int refuse(const Error& error) {
  observe::log(Level::kError, "start_failed", {{"cause", error.message}});
  return 1;
}

struct Secrets {
  crypto::Vault vault;
  crypto::ApiKeyHasher key_hasher;
  Secret node_token;
  Secret bootstrap_token;
  Secret setup_token;  // empty: none
};

Result<crypto::Vault> read_vault(const ControlConfig& config) {
  const auto version = static_cast<std::uint32_t>(config.key_encryption_key_version);
  std::vector<crypto::VaultKeyFile> files{{.version = version, .path = config.key_encryption_key_file}};
  if (!config.previous_key_encryption_key_file.empty()) {
    files.push_back({.version = version - 1, .path = config.previous_key_encryption_key_file});
  }
  return crypto::Vault::open_keys(files);
}

Result<Secrets> read_secrets(const ControlConfig& config) {
  auto vault = read_vault(config);
  if (!vault) return std::unexpected(vault.error());
  auto hasher = crypto::ApiKeyHasher::from_file(config.api_key_pepper_file);
  if (!hasher) return std::unexpected(hasher.error());
  auto node_token = crypto::read_secret_file(config.node_token_file, "node token");
  if (!node_token) return std::unexpected(node_token.error());
  auto bootstrap_token = crypto::read_secret_file(config.bootstrap_token_file, "bootstrap token");
  if (!bootstrap_token) return std::unexpected(bootstrap_token.error());
  Result<Secret> setup_token = Secret();
  if (!config.setup_token_file.empty()) setup_token = crypto::read_secret_file(config.setup_token_file, "set-up token");
  if (!setup_token) return std::unexpected(setup_token.error());
  return Secrets{std::move(*vault), std::move(*hasher), std::move(*node_token), std::move(*bootstrap_token),
                 std::move(*setup_token)};
}

publish::ConfigServiceOptions config_service_options(const Secrets& secrets, publish::HealthRecorder& health,
                                                     oauth::Refresher& refresher, const enrolment::NodeGate& gate) {
  publish::ConfigServiceOptions options;
  options.node_token = secrets.node_token;
  options.gate = &gate;
  options.on_credential_report = [&health, &refresher](const std::string& node_id,
                                                       const config::v1::CredentialReport& report) {
    health.add(node_id, report);
    refresher.credential_refused(report.account_id(), report.revision());
  };
  options.on_account_health = [&health](const std::string& node_id, const config::v1::AccountHealth& report) {
    health.add(node_id, report);
  };
  return options;
}

std::optional<usage::Decision> ask_nodes(publish::ConfigServiceImpl& nodes, const std::string& request_id) {
  const std::optional<publish::NodeDecision> answer = nodes.find_decision(request_id, kNodesMayThink);
  usage::Decision decision;
  if (!answer || !decision.record.ParseFromString(answer->record)) return std::nullopt;
  decision.node_id = answer->node_id;
  return decision;
}

db::PoolOptions pool_options(const ControlConfig& config) {
  db::PoolOptions options;
  options.conninfo = config.database;
  options.size = static_cast<std::size_t>(config.database_pool);
  return options;
}

oauth::FetchOptions fetch_options(const ControlConfig& config) {
  oauth::FetchOptions options;
  options.allowed_networks = config.allow_private_upstreams;
  options.user_agent = "Sluice/" SLUICE_VERSION;
  return options;
}

// Null without a port for other machines.
Result<std::unique_ptr<enrolment::Keeper>> open_tls(const ControlConfig& config, db::Pool& pool,
                                                    const crypto::Vault& vault, enrolment::NodeGate& gate,
                                                    const Clock& clock, std::function<void()> on_look) {
  if (config.grpc_tls.listen.empty()) return nullptr;
  enrolment::KeeperOptions options;
  options.conninfo = config.database;
  options.names = config.grpc_tls.names;
  options.certificate_file = config.grpc_tls.certificate_file;
  options.key_file = config.grpc_tls.key_file;
  options.on_look = std::move(on_look);
  return enrolment::Keeper::open(std::move(options), pool, vault, gate, clock);
}

// A thread that waits for the end, so that a database that is away does not keep the process from ending.
class EndWatch {
 public:
  EndWatch()
      : thread_([this] {
          (void)signals_.wait();
          stopping = true;
          stopping.notify_all();
        }) {}
  ~EndWatch() {
    if (!stopping) pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  EndWatch(const EndWatch&) = delete;
  EndWatch& operator=(const EndWatch&) = delete;

  std::atomic<bool> stopping = false;

 private:
  TerminationSignals signals_;
  std::thread thread_;
};

}  // namespace

int rotate_keys(const ControlConfig& config) {
  const auto vault = read_vault(config);
  if (!vault) return refuse(vault.error());
  db::Pool pool(pool_options(config));
  const auto resealed = oauth::reseal_all(pool, *vault);
  if (!resealed) return refuse(resealed.error());
  observe::log(Level::kInfo, "keys_rotated",
               {{"key_version", vault->newest_version()}, {"sealed", resealed->done}, {"failed", resealed->failed}});
  return resealed->failed == 0 ? 0 : 1;
}

int migrate_only(const ControlConfig& config) {
  const EndWatch watch;
  const Result<> prepared = prepare_database(config.database, watch.stopping);
  return prepared ? 0 : refuse(prepared.error());
}

int run_control_plane(const ControlConfig& config) {
  const EndWatch watch;  // before any other thread
  const RealClock clock;
  auto secrets = read_secrets(config);
  if (!secrets) return refuse(secrets.error());
  if (Result<> prepared = prepare_database(config.database, watch.stopping); !prepared) {
    return prepared.error().code == ErrorCode::kCancelled ? 0 : refuse(prepared.error());
  }

  observe::MetricsRegistry metrics;
  observe::add_process_metrics(metrics, "controlplane", SLUICE_VERSION, clock.now());
  db::Pool pool(pool_options(config));
  publish::HealthRecorder health(pool, clock);
  const accounts::BaseUrlGuard guard(config.allow_private_upstreams);
  const oauth::VaultContext oauth{pool, clock, secrets->vault, guard, fetch_options(config)};
  oauth::Refresher refresher(oauth, {});
  enrolment::NodeGate gate(clock);
  publish::ConfigServiceImpl config_service(config_service_options(*secrets, health, refresher, gate), clock);
  publish::PublisherOptions publisher_options;
  publisher_options.conninfo = config.database;
  const publish::Publisher publisher(std::move(publisher_options), pool, secrets->vault, config_service, clock);
  billing::Ingest ingest(pool, clock);
  const billing::LedgerCheckJob ledger_checks(pool, clock);
  std::vector<jobs::Job> all_jobs = jobs::all_jobs();
  all_jobs.push_back(api::edit_accounts_job(clock));
  all_jobs.push_back(api::export_usage_job());
  all_jobs.push_back(api::drop_usage_exports_job());
  const jobs::Runner jobs({.owner = Uuid::generate(clock.now()).to_string(), .jobs = std::move(all_jobs)}, pool, clock);
  const mail::Mailer mailer(pool, clock, secrets->vault,
                            {.smtp = {.allowed_networks = config.allow_private_upstreams}});
  const alerts::Deliverer deliverer(pool, clock, secrets->vault, mailer, {.fetch = fetch_options(config)});
  usage::DecisionStore decisions(pool, clock);
  billing::UsageServiceImpl usage_service(ingest, decisions, secrets->node_token, &gate);
  enrolment::Issuer issuer(pool, secrets->vault, clock, {.node_life = config.grpc_tls.node_certificate_life});
  enrolment::EnrolmentServiceImpl enrolment_service(issuer, gate);
  const identity::Authenticator authenticator(secrets->bootstrap_token, clock);
  api::CallRates rates(clock);
  const api::AdminContext admin{pool, clock, authenticator, secrets->vault, rates};
  const identity::PasswordHasher passwords;
  const api::HumanCheck human(admin, fetch_options(config));
  oidc::Issuers issuers(fetch_options(config), clock);
  const oidc::OidcContext oidc{clock, secrets->vault, issuers};
  live::Hub hub(pool, clock, Uuid::generate(clock.now()).to_string());
  AdminServices services(
      admin, secrets->vault, secrets->key_hasher, guard, oauth, refresher,
      [&](const std::string& request_id) { return ask_nodes(config_service, request_id); }, hub, passwords,
      secrets->setup_token, mailer, human, oidc);

  const auto keeper = open_tls(config, pool, secrets->vault, gate, clock, [&] {
    config_service.end_unwelcome();
    usage_service.end_unwelcome();
  });
  if (!keeper) return refuse(keeper.error());

  grpc::ServerBuilder builder;
  int bound = 1;  // gRPC sets a port, or leaves 1 for a Unix socket
  int bound_tls = 1;
  builder.AddListeningPort(config.grpc_listen, grpc::InsecureServerCredentials(), &bound);
  if (*keeper) builder.AddListeningPort(config.grpc_tls.listen, (*keeper)->credentials(), &bound_tls);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  grpc::ResourceQuota quota("controlplane");
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  builder.RegisterService(&config_service);
  builder.RegisterService(&usage_service);
  builder.RegisterService(&enrolment_service);
  services.add_to(builder);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || bound == 0 || bound_tls == 0) {
    return refuse({ErrorCode::kUnavailable,
                   fmt::format("gRPC: cannot listen on {} {}", config.grpc_listen, config.grpc_tls.listen)});
  }
  auto front = HttpFront::open(config, clock, *server, pool, publisher, metrics);
  if (!front) return refuse(front.error());
  observe::log(Level::kInfo, "started",
               {{"grpc", config.grpc_listen}, {"grpc_tls", config.grpc_tls.listen}, {"http_port", (*front)->port()}});

  watch.stopping.wait(false);
  observe::log(Level::kInfo, "stopping");
  front->reset();
  hub.end();
  config_service.end_streams();
  usage_service.end_streams();
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(10));
  observe::log(Level::kInfo, "stopped");
  return 0;
}

}  // namespace sluice::bootstrap
