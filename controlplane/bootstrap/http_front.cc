#include "controlplane/bootstrap/http_front.h"

#include <chrono>

namespace sluice::bootstrap {

namespace {

constexpr std::chrono::seconds kDrain{10};

void add_pool_metrics(observe::MetricsRegistry& metrics, const db::Pool& pool) {
  auto& in_use = metrics.gauge("sluice_database_connections", "Connections to PostgreSQL.", {{"state", "in_use"}});
  auto& idle = metrics.gauge("sluice_database_connections", "Connections to PostgreSQL.", {{"state", "idle"}});
  auto& waiting = metrics.gauge("sluice_database_waiting", "Callers that wait for a connection to PostgreSQL.");
  metrics.before_text([&in_use, &idle, &waiting, &pool] {
    const db::PoolStats stats = pool.stats();
    in_use.Set(static_cast<double>(stats.in_use));
    idle.Set(static_cast<double>(stats.idle));
    waiting.Set(static_cast<double>(stats.waiting));
  });
}

// The HTTP worker wants a number.
std::string address_of(const config::HostPort& listen) {
  return listen.host == "localhost" ? "127.0.0.1" : listen.host;
}

}  // namespace

Result<std::unique_ptr<HttpFront>> HttpFront::open(const ControlConfig& config, const Clock& clock,
                                                   grpc::Server& server, db::Pool& pool,
                                                   const publish::Publisher& publisher,
                                                   observe::MetricsRegistry& metrics) {
  std::unique_ptr<HttpFront> self(new HttpFront(pool));
  add_pool_metrics(metrics, pool);
  api::RestOptions options;
  options.version = SLUICE_VERSION;
  options.trusted_proxies = config.trusted_proxies;
  options.secure_cookies = config.secure_cookies;
  options.metrics = [&metrics] { return metrics.text(); };
  options.not_ready = [&publisher, probe = &self->probe_] {
    if (!publisher.ready()) return std::string("the config has not been read yet");
    return probe->problem();
  };
  grpc::ChannelArguments unlimited;
  unlimited.SetMaxReceiveMessageSize(-1);  // a page of the largest rows is larger than gRPC's 4 MiB
  auto rest = api::RestServer::start(address_of(config.http_listen), config.http_listen.port,
                                     server.InProcessChannel(unlimited), clock, std::move(options));
  if (!rest) return fail("http_listen", rest.error());
  self->rest_ = std::move(*rest);
  return self;
}

HttpFront::~HttpFront() {
  if (rest_) rest_->drain(kDrain);
}

}  // namespace sluice::bootstrap
