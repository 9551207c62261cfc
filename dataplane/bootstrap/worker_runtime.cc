#include "dataplane/bootstrap/worker_runtime.h"

#include "dataplane/request/serve.h"

namespace sluice::bootstrap {

namespace {

redis::ClientOptions redis_options(const redis::Endpoint& endpoint) {
  redis::ClientOptions options;
  options.endpoint = endpoint;
  return options;
}

limit::SlotSettings slot_settings(const NodeConfig& config) {
  limit::SlotSettings settings;
  settings.node = config.node_id;
  return settings;
}

}  // namespace

WorkerRuntime::WorkerRuntime(int index, NodeShared& shared)
    : worker_(index, shared.clock),
      holder_(worker_),
      redis_(worker_, redis_options(shared.redis), shared.metrics),
      slots_(worker_, redis_, shared.local_share, slot_settings(shared.config), shared.metrics),
      upstreams_(worker_, shared.config.request.client),
      metrics_(shared.metrics, index),
      sessions_(metrics_),
      services_{worker_,
                shared.clock,
                shared.config.request,
                shared.config.node_id,
                shared.key_hasher,
                holder_,
                slots_,
                shared.journal,
                upstreams_,
                sessions_,
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
  slots_.start();
  redis_.start();
  listener_->start([this](io::Stream stream) { (void)worker_.spawn(request::serve(services_, std::move(stream))); });
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
