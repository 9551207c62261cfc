#include "dataplane/redis/subscriber.h"

#include "common/base/backoff.h"
#include "common/io/timer_wheel.h"
#include "common/observe/log.h"
#include "dataplane/redis/find_address.h"
#include "dataplane/redis/subscriber_state.h"

namespace sluice::redis {

SubscriberState::SubscriberState(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& registry)
    : worker_(worker),
      options_(std::move(options)),
      up_gauge_(registry.gauge("sluice_redis_channels_up", "1 while the channels of Redis are heard.",
                               {{"worker", std::to_string(worker.index())}})),
      messages_(registry.counter("sluice_redis_messages_total", "Messages heard on the channels of Redis.",
                                 {{"worker", std::to_string(worker.index())}})),
      resolver_(worker),
      changed_(worker) {}

void SubscriberState::stop() {
  stopped_ = true;
  drop_connection();
  changed_.set();
}

io::Task<> SubscriberState::serve(std::shared_ptr<SubscriberState> self) {
  Backoff backoff(self->options_.retry_base, self->options_.retry_cap);
  while (!self->stopped_) {
    const SteadyTime started = self->now();
    const Result<> connected = co_await connect(self);
    if (connected) {
      self->tell_up();
      co_await listen(self);
    }
    if (self->stopped_) co_return;
    self->tell_down(connected ? self->cause_ : connected.error().message);
    self->drop_connection();
    if (self->now() - started > self->options_.retry_cap) backoff.reset();
    self->changed_.reset();
    co_await self->changed_.wait_until(self->now() + backoff.next());
  }
}

// Returns once all channels are heard.
io::Task<Result<>> SubscriberState::connect(std::shared_ptr<SubscriberState> self) {
  const SteadyTime deadline = self->now() + self->options_.connect_limit;
  const Result<Connection::Address> address = co_await find_address(self->resolver_, self->options_.endpoint, deadline);
  if (!address) co_return std::unexpected(address.error());
  if (self->stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  self->lost_ = false;
  self->confirmed_ = 0;
  self->changed_.reset();
  auto opened = Connection::open(self->worker_, *address, [weak = self->weak_from_this()](std::string cause) {
    if (const auto state = weak.lock()) state->on_closed(std::move(cause));
  });
  if (!opened) co_return std::unexpected(opened.error());
  self->connection_ = std::move(*opened);
  const Result<> logged_in = co_await log_in(self, deadline);
  if (!logged_in) co_return logged_in;
  (void)self->subscribe();
  while (!self->stopped_ && !self->lost_ && self->confirmed_ < self->channels.size()) {
    const bool changed = co_await self->changed_.wait_until(deadline);
    if (!changed) co_return fail(ErrorCode::kDeadlineExceeded, "Redis did not answer in time");
    self->changed_.reset();
  }
  if (self->stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  if (self->lost_) co_return fail(ErrorCode::kUnavailable, self->cause_);
  co_return Result<>();
}

io::Task<Result<>> SubscriberState::log_in(std::shared_ptr<SubscriberState> self, SteadyTime deadline) {
  if (self->options_.password.empty()) co_return Result<>();
  std::vector<std::string_view> command = {"AUTH"};
  if (!self->options_.user.empty()) command.push_back(self->options_.user);
  command.push_back(self->options_.password.reveal());
  const auto call = std::make_shared<Call>(self->worker_, deadline);
  if (!self->connection_->send(command, call)) co_return fail(ErrorCode::kUnavailable, self->cause_);
  const bool answered = co_await call->finished.wait_until(deadline);
  if (self->stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  if (!answered) co_return fail(ErrorCode::kDeadlineExceeded, "Redis did not answer in time");
  if (!*call->result) co_return std::unexpected(call->result->error());
  co_return Result<>();
}

bool SubscriberState::subscribe() {
  std::vector<std::string> names;
  for (const auto& [name, calls] : channels)
    names.push_back(name);
  return connection_->subscribe(
      names, [weak = weak_from_this()](std::string_view kind, std::string_view channel, std::string_view text) {
        if (const auto self = weak.lock()) self->on_push(kind, channel, text);
      });
}

// Returns once the connection is gone. One that is silent is asked, and given up if it stays so.
io::Task<> SubscriberState::listen(std::shared_ptr<SubscriberState> self) {
  bool asked = false;
  while (!self->stopped_ && !self->lost_) {
    const SteadyTime heard = self->connection_->last_heard();
    const SteadyTime limit = asked ? self->now() + self->options_.silence_limit : heard + self->options_.silence_limit;
    self->changed_.reset();
    co_await self->changed_.wait_until(limit);
    if (self->stopped_ || self->lost_) co_return;
    if (self->now() < limit) continue;
    if (self->connection_->last_heard() > heard) {
      asked = false;
    } else if (asked) {
      self->cause_ = "it answered nothing for too long";
      co_return;
    } else {
      asked = self->subscribe();
    }
  }
}

void SubscriberState::on_push(std::string_view kind, std::string_view channel, std::string_view text) {
  if (stopped_) return;
  if (kind == "subscribe") {
    if (++confirmed_ == channels.size()) changed_.set();
    return;
  }
  if (kind != "message") return;
  messages_.Increment();
  const auto found = channels.find(channel);
  if (found == channels.end()) return;
  for (const auto& call : found->second)
    call(text);
}

void SubscriberState::on_closed(std::string cause) {
  lost_ = true;
  cause_ = std::move(cause);
  changed_.set();
}

void SubscriberState::drop_connection() {
  if (connection_) connection_->close();
  connection_ = nullptr;
}

void SubscriberState::tell_up() {
  told_down_ = false;
  up_gauge_.Set(1);
  for (const auto& call : up_calls)
    call();
}

void SubscriberState::tell_down(std::string_view cause) {
  up_gauge_.Set(0);
  if (std::exchange(told_down_, true)) return;
  observe::log(observe::Level::kWarn, "redis_channels_down",
               {{"worker", worker_.index()}, {"endpoint", options_.endpoint.to_string()}, {"cause", cause}});
}

Subscriber::Subscriber(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& metrics)
    : state_(std::make_shared<SubscriberState>(worker, std::move(options), metrics)), worker_(worker) {}

Subscriber::~Subscriber() {
  state_->stop();
}

void Subscriber::subscribe(std::string channel, std::function<void(std::string_view message)> call) {
  state_->channels[std::move(channel)].push_back(std::move(call));
}

void Subscriber::on_up(std::function<void()> call) {
  state_->up_calls.push_back(std::move(call));
}

void Subscriber::start() {
  if (!state_->channels.empty()) worker_.spawn_background(SubscriberState::serve(state_));
}

}  // namespace sluice::redis
