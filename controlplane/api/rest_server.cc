#include "controlplane/api/rest_server.h"

#include <future>

#include "common/observe/log.h"
#include "controlplane/api/rest_stream.h"

namespace sluice::api {

namespace {

// For writing the answers of cancelled calls.
constexpr std::chrono::milliseconds kLastAnswers{2'000};

}  // namespace

Result<std::unique_ptr<RestServer>> RestServer::start(const std::string& address, std::uint16_t port,
                                                      const std::shared_ptr<grpc::Channel>& channel, const Clock& clock,
                                                      RestOptions options) {
  const http::MessageServerOptions served{.pump = {.ping = kEventPing, .ping_time = options.ping_time}};
  std::unique_ptr<RestServer> self(new RestServer(channel, clock, std::move(options)));
  self->worker_.set_exception_log(
      [](std::string_view what) { observe::log(observe::Level::kError, "http_exception", {{"what", what}}); });
  Rest* rest = &self->rest_;
  auto server = http::MessageServer::open(
      self->worker_, address, port,
      [rest](http::WholeRequest request, const http::MessageServer::Reply& reply) {
        rest->handle(std::move(request), reply);
      },
      [rest](const http::Refusal& refusal) { return rest->refuse(refusal); }, served);
  if (!server) return std::unexpected(server.error());
  self->server_ = std::make_unique<http::MessageServer>(std::move(*server));
  self->thread_ = std::thread([worker = &self->worker_] { worker->run(); });
  return self;
}

RestServer::~RestServer() {
  worker_.stop();
  if (thread_.joinable()) thread_.join();
  // First: the end of the server reaches calls that wait for a slow client. What they answer then goes nowhere.
  server_.reset();
  rest_.finish_calls();
}

std::uint16_t RestServer::port() const {
  return server_->port();
}

void RestServer::drain(std::chrono::milliseconds limit) {
  std::promise<void> stopped;
  worker_.post([this, &stopped] {
    server_->stop();
    stopped.set_value();
  });
  stopped.get_future().wait();
  if (!await_idle(limit)) {
    rest_.cancel_calls();
    (void)await_idle(kLastAnswers);
  }
}

bool RestServer::await_idle(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (server_->busy() > 0) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace sluice::api
