#include "dataplane/admin/server.h"

#include <boost/json.hpp>
#include <optional>
#include <thread>

#include "common/http/message_server.h"
#include "common/io/worker.h"

namespace sluice::admin {

namespace {

http::WholeAnswer json_answer(unsigned status, const boost::json::object& body) {
  return {status, {{"content-type", "application/json"}, {"cache-control", "no-store"}}, boost::json::serialize(body)};
}

http::WholeAnswer error_answer(unsigned status, std::string_view message) {
  return json_answer(status, {{"error", message}});
}

// 503 as long as any check fails, with the reasons.
http::WholeAnswer readiness(const Checks& checks) {
  boost::json::object failing;
  for (const auto& [name, check] : checks) {
    if (const Result<> passed = check(); !passed) failing[name] = passed.error().message;
  }
  const bool ready = failing.empty();
  return json_answer(ready ? 200 : 503, {{"ready", ready}, {"failing", std::move(failing)}});
}

}  // namespace

struct Server::State {
  State(const Clock& clock, Checks checks_, observe::MetricsRegistry& metrics_)
      : checks(std::move(checks_)), metrics(metrics_), worker(0, clock) {}

  http::WholeAnswer answer(const http::WholeRequest& request) const {
    const bool known = request.path == "/healthz" || request.path == "/readyz" || request.path == "/metrics";
    if (!known) return error_answer(404, "there is nothing here but /healthz, /readyz and /metrics");
    if (request.method != "GET" && request.method != "HEAD") {
      http::WholeAnswer refused = error_answer(405, "GET only");
      refused.fields.emplace_back("allow", "GET, HEAD");
      return refused;
    }
    if (request.path == "/healthz") return json_answer(200, {{"alive", true}});
    if (request.path == "/readyz") return readiness(checks);
    return {200, {{"content-type", "text/plain; version=0.0.4"}}, metrics.text()};
  }

  Checks checks;
  observe::MetricsRegistry& metrics;
  io::Worker worker;
  std::optional<http::MessageServer> server;
  std::thread thread;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  state_->worker.stop();
  state_->thread.join();
}

std::uint16_t Server::port() const {
  return state_->server->port();
}

Result<std::unique_ptr<Server>> Server::open(const std::string& address, std::uint16_t port, const Clock& clock,
                                             Checks checks, observe::MetricsRegistry& metrics) {
  auto state = std::make_unique<State>(clock, std::move(checks), metrics);
  State* self = state.get();
  auto server = http::MessageServer::open(
      self->worker, address, port,
      [self](const http::WholeRequest& request, const http::MessageServer::Reply& reply) {
        reply(self->answer(request));
      },
      [](const http::Refusal& refusal) { return error_answer(refusal.status, refusal.message); });
  if (!server) return std::unexpected(server.error());
  state->server.emplace(std::move(*server));
  state->thread = std::thread([self] { self->worker.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

}  // namespace sluice::admin
