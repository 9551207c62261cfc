// What a Client and its background task share. Only for dataplane/redis. One worker.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "common/base/backoff.h"
#include "common/io/event.h"
#include "common/io/resolver.h"
#include "dataplane/redis/breaker.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/connection.h"

namespace sluice::redis {

struct ClientMetrics {
  ClientMetrics(observe::MetricsRegistry& registry, int worker);
  observe::Counter& commands;
  observe::Counter& not_sent;
  observe::Counter& timeouts;
  observe::Counter& lost;
  observe::Counter& connects;
  observe::Counter& breaker_opened;
  observe::Gauge& up;
};

class ClientState : public std::enable_shared_from_this<ClientState> {
 public:
  ClientState(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& registry);

  // Connects, watches the connection, connects again; ends after stop().
  [[nodiscard]] static io::Task<> serve(std::shared_ptr<ClientState> self);
  void stop();

  // Null if Redis is not available. `call` finishes at its deadline at the latest.
  [[nodiscard]] std::shared_ptr<Call> start(std::span<const std::string_view> arguments, SteadyTime deadline);
  bool fire(std::span<const std::string_view> arguments);
  // Waits for the call and tells the breaker what came of it. `call` may be null.
  [[nodiscard]] static io::Task<Result<Reply>> finish(std::shared_ptr<ClientState> self, std::shared_ptr<Call> call);

  [[nodiscard]] bool available() const { return ready_ && !breaker_.is_open(); }
  [[nodiscard]] SteadyTime default_deadline() const { return now() + options_.command_limit; }

  std::vector<const Script*> scripts;
  std::vector<std::function<void()>> up_calls;

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, io::Executor>;

  [[nodiscard]] SteadyTime now() const { return worker_.clock().steady(); }
  [[nodiscard]] std::shared_ptr<Call> send(std::span<const std::string_view> arguments, SteadyTime deadline);
  void watch_deadline(SteadyTime when);
  void end_late_calls();
  void note_timeout();

  [[nodiscard]] io::Task<Result<>> connect();
  [[nodiscard]] io::Task<Result<>> greet(SteadyTime deadline);
  [[nodiscard]] io::Task<> watch();
  [[nodiscard]] io::Task<> probe_until_answered();
  void on_closed(std::string cause);
  void become_ready();
  void tell_down(std::string_view cause);

  io::Worker& worker_;
  const ClientOptions options_;
  ClientMetrics metrics_;
  io::Resolver resolver_;
  io::Event changed_;  // the connection ended, the breaker opened, or stop()
  Timer limit_timer_;
  SteadyTime armed_for_ = SteadyTime::max();
  std::shared_ptr<Connection> connection_;
  Breaker breaker_;
  std::string cause_;  // why the connection ended
  bool lost_ = false;
  bool ready_ = false;
  bool stopped_ = false;
  bool told_down_ = false;
};

}  // namespace sluice::redis
