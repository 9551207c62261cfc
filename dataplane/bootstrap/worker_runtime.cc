#include "dataplane/bootstrap/worker_runtime.h"

#include "dataplane/request/serve.h"

namespace sluice::bootstrap {

namespace {

redis::ClientOptions redis_options(const NodeShared& shared) {
  redis::ClientOptions options;
  options.endpoint = shared.redis;
  options.user = shared.config.redis_user;
  options.password = shared.redis_password;
  options.command_limit = shared.config.redis_command;
  options.database = shared.config.redis_database;
  return options;
}

limit::LimiterSettings limiter_settings(const NodeConfig& config) {
  limit::LimiterSettings settings;
  settings.node = config.node_id;
  settings.quarantine = config.quarantine;
  return settings;
}

pick::BlockedFn ask(pick::HealthShare& share) {
  return [&health = share.health()](const snapshot::AccountEntry& account, const snapshot::CredentialEntry& credential,
                                    std::string_view model, SystemTime now) {
    return health.blocked(account.id, model, credential.revision, now);
  };
}

}  // namespace

WorkerRuntime::WorkerRuntime(int index, NodeShared& shared)
    : worker_(index, shared.clock),
      holder_(worker_),
      redis_(worker_, redis_options(shared), shared.metrics),
      subscriber_(worker_, redis_options(shared), shared.metrics),
      limiter_(worker_, redis_, subscriber_, shared.limits, limiter_settings(shared.config), shared.metrics),
      health_(worker_, redis_, subscriber_, shared.report_health),
      chooser_(ask(health_)),
      upstreams_(worker_, shared.config.request.client),
      metrics_(shared.metrics, index),
      sessions_(metrics_),
      overload_(worker_, shared.config.overload, shared.metrics),
      services_{worker_,
                shared.clock,
                shared.config.request,
                shared.config.node_id,
                shared.key_hasher,
                holder_,
                limiter_,
                chooser_,
                conversations_,
                health_,
                decisions_,
                shared.journal,
                upstreams_,
                sessions_,
                retries_,
                decision_rate_,
                shared.report_credential,
                overload_,
                metrics_} {}

WorkerRuntime::~WorkerRuntime() {
  stop();
}

Result<> WorkerRuntime::listen(const std::string& address, std::uint16_t port) {
  auto listener = io::Listener::open(worker_, address, port);
  if (!listener) return std::unexpected(listener.error());
  listener_.emplace(std::move(*listener));
  return {};
}

void WorkerRuntime::start() {
  limiter_.start();
  redis_.start();
  subscriber_.start();
  overload_.start();
  listener_->start([this](io::Stream stream) {
    if (!overload_.takes_connection(sessions_.open())) return;  // closed
    (void)worker_.spawn(request::serve(services_, std::move(stream)));
  });
  thread_ = std::thread([this] { worker_.run(); });
}

void WorkerRuntime::drain(std::function<void()> done) {
  worker_.post([this, done = std::move(done)]() mutable {
    sessions_.drain();
    listener_->stop();
    upstreams_.close_idle();
    worker_.gate().close(std::move(done));
  });
}

void WorkerRuntime::end_requests() {
  worker_.post([this] { sessions_.end_all(); });
}

void WorkerRuntime::stop() {
  if (!thread_.joinable()) return;
  worker_.stop();
  thread_.join();
}

}  // namespace sluice::bootstrap
