#include "dataplane/redis/client_state.h"

#include <fmt/format.h>

#include "common/io/timer_wheel.h"
#include "common/observe/log.h"

namespace sluice::redis {

ClientMetrics::ClientMetrics(observe::MetricsRegistry& registry, int worker)
    : commands(registry.counter("sluice_redis_commands_total", "Commands sent to Redis.",
                                {{"worker", std::to_string(worker)}})),
      not_sent(registry.counter("sluice_redis_failures_total", "Commands without an answer from Redis, by cause.",
                                {{"worker", std::to_string(worker)}, {"cause", "not_sent"}})),
      timeouts(registry.counter("sluice_redis_failures_total", "Commands without an answer from Redis, by cause.",
                                {{"worker", std::to_string(worker)}, {"cause", "timeout"}})),
      lost(registry.counter("sluice_redis_failures_total", "Commands without an answer from Redis, by cause.",
                            {{"worker", std::to_string(worker)}, {"cause", "connection_lost"}})),
      connects(registry.counter("sluice_redis_connects_total", "Connections to Redis that were made.",
                                {{"worker", std::to_string(worker)}})),
      breaker_opened(registry.counter("sluice_redis_breaker_opened_total",
                                      "How often commands were stopped because Redis did not answer.",
                                      {{"worker", std::to_string(worker)}})),
      up(registry.gauge("sluice_redis_up", "1 while Redis is connected and answers.",
                        {{"worker", std::to_string(worker)}})) {}

ClientState::ClientState(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& registry)
    : worker_(worker),
      options_(std::move(options)),
      metrics_(registry, worker.index()),
      resolver_(worker),
      changed_(worker),
      limit_timer_(worker.context().get_executor()),
      breaker_(options_.failures_to_open) {}

void ClientState::stop() {
  stopped_ = true;
  ready_ = false;
  if (connection_) connection_->close();
  connection_ = nullptr;
  limit_timer_.cancel();
  changed_.set();
}

std::shared_ptr<Call> ClientState::start(std::span<const std::string_view> arguments, SteadyTime deadline) {
  std::shared_ptr<Call> call = available() ? send(arguments, deadline) : nullptr;
  if (!call) metrics_.not_sent.Increment();
  return call;
}

bool ClientState::fire(std::span<const std::string_view> arguments) {
  if (!available() || !connection_->send(arguments, nullptr)) {
    metrics_.not_sent.Increment();
    return false;
  }
  metrics_.commands.Increment();
  return true;
}

std::shared_ptr<Call> ClientState::send(std::span<const std::string_view> arguments, SteadyTime deadline) {
  auto call = std::make_shared<Call>(worker_, deadline);
  if (!connection_ || !connection_->send(arguments, call)) return nullptr;
  metrics_.commands.Increment();
  watch_deadline(deadline);
  return call;
}

io::Task<Result<Reply>> ClientState::finish(std::shared_ptr<ClientState> self, std::shared_ptr<Call> call) {
  if (!call) co_return fail(ErrorCode::kUnavailable, "Redis is not available");
  co_await call->finished.wait_until(io::TimerWheel::kNever);
  const Result<Reply>& result = *call->result;
  if (result || (result.error().code != ErrorCode::kDeadlineExceeded && result.error().code != ErrorCode::kClosed)) {
    self->breaker_.succeeded();
  } else if (result.error().code == ErrorCode::kClosed) {
    self->metrics_.lost.Increment();
  }
  co_return std::move(*call->result);
}

// One timer for all calls: it stands at the earliest deadline it was told of, and looks again when it fires.
void ClientState::watch_deadline(SteadyTime when) {
  if (when >= armed_for_) return;
  armed_for_ = when;
  limit_timer_.expires_after(when - now());
  limit_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<ClientState> self = weak.lock();
    if (!error && self) self->end_late_calls();
  });
}

void ClientState::end_late_calls() {
  armed_for_ = SteadyTime::max();
  if (!connection_) return;
  // In a long turn of the loop an answer may lie in the socket although its turn has not come.
  const std::shared_ptr<Connection> connection = connection_;
  connection->hear();
  SteadyTime next = SteadyTime::max();
  for (const std::shared_ptr<Call>& call : connection->unanswered()) {
    if (!call || call->result) continue;
    if (call->deadline > now()) {
      next = std::min(next, call->deadline);
      continue;
    }
    call->finish(fail(ErrorCode::kDeadlineExceeded, "Redis did not answer in time"));
    note_timeout();
  }
  watch_deadline(next);
}

void ClientState::note_timeout() {
  metrics_.timeouts.Increment();
  if (!breaker_.failed()) return;
  metrics_.breaker_opened.Increment();
  metrics_.up.Set(0);
  changed_.set();
  observe::log(observe::Level::kWarn, "redis_not_answering",
               {{"worker", worker_.index()}, {"endpoint", options_.endpoint.to_string()}});
}

}  // namespace sluice::redis
