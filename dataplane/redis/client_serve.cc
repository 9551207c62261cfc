// The background task of a client: connect, watch, probe, connect again.
#include <fmt/format.h>

#include "common/io/timer_wheel.h"
#include "common/observe/log.h"
#include "dataplane/redis/client_state.h"
#include "dataplane/redis/find_address.h"

namespace sluice::redis {

io::Task<> ClientState::serve(std::shared_ptr<ClientState> self) {
  Backoff backoff(self->options_.retry_base, self->options_.retry_cap);
  while (!self->stopped_) {
    const SteadyTime started = self->now();
    const Result<> connected = co_await self->connect();
    if (connected) {
      co_await self->watch();
    } else {
      self->tell_down(connected.error().message);
    }
    if (self->now() - started > self->options_.retry_cap) backoff.reset();
    self->changed_.reset();
    if (!self->stopped_) co_await self->changed_.wait_until(self->now() + backoff.next());
  }
}

io::Task<Result<>> ClientState::connect() {
  const SteadyTime deadline = now() + options_.connect_limit;
  const Result<Connection::Address> address = co_await find_address(resolver_, options_.endpoint, deadline);
  if (!address) co_return std::unexpected(address.error());
  if (stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  lost_ = false;
  auto opened = Connection::open(worker_, *address, [weak = weak_from_this()](std::string cause) {
    if (const auto self = weak.lock()) self->on_closed(std::move(cause));
  });
  if (!opened) co_return std::unexpected(opened.error());
  connection_ = std::move(*opened);
  const Result<> greeted = co_await greet(deadline);
  if (stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  if (!greeted || lost_) {
    connection_->close();
    connection_ = nullptr;
    co_return greeted ? fail(ErrorCode::kUnavailable, cause_) : greeted;
  }
  become_ready();
  co_return Result<>();
}

// Sends all that a new connection needs in one go, and waits for every answer.
io::Task<Result<>> ClientState::greet(SteadyTime deadline) {
  std::vector<std::vector<std::string_view>> commands;
  const std::string database = std::to_string(options_.database);
  if (!options_.password.empty()) {
    commands.push_back({"AUTH"});
    if (!options_.user.empty()) commands.back().push_back(options_.user);
    commands.back().push_back(options_.password.reveal());
  }
  if (options_.database != 0) commands.push_back({"SELECT", database});
  for (const Script* script : scripts)
    commands.push_back({"SCRIPT", "LOAD", script->source()});
  commands.push_back({"PING"});

  std::vector<std::shared_ptr<Call>> calls;
  for (const auto& command : commands) {
    std::shared_ptr<Call> call = send(command, deadline);
    if (!call) co_return fail(ErrorCode::kUnavailable, cause_);
    calls.push_back(std::move(call));
  }
  for (const std::shared_ptr<Call>& call : calls) {
    co_await call->finished.wait_until(io::TimerWheel::kNever);
    if (*call->result) continue;
    co_return lost_ ? fail(ErrorCode::kUnavailable, cause_) : std::unexpected(call->result->error());
  }
  co_return Result<>();
}

void ClientState::become_ready() {
  breaker_.close();
  ready_ = true;
  told_down_ = false;
  changed_.reset();
  metrics_.connects.Increment();
  metrics_.up.Set(1);
  observe::log(observe::Level::kInfo, "redis_up",
               {{"worker", worker_.index()}, {"endpoint", options_.endpoint.to_string()}});
  for (const auto& call : up_calls)
    call();
}

// Returns once the connection is gone.
io::Task<> ClientState::watch() {
  while (!lost_ && !stopped_) {
    co_await changed_.wait_until(io::TimerWheel::kNever);
    changed_.reset();
    if (breaker_.is_open() && !lost_ && !stopped_) co_await probe_until_answered();
  }
  ready_ = false;
  if (!stopped_) tell_down(cause_);
  connection_ = nullptr;
}

// The connection is kept: what Redis has not answered yet stays in order with what comes later. Only one that is silent
// for long is given up.
io::Task<> ClientState::probe_until_answered() {
  Backoff backoff(options_.retry_base, options_.retry_cap);
  const SteadyTime opened = now();
  while (!lost_ && !stopped_) {
    co_await changed_.wait_until(now() + backoff.next());
    changed_.reset();
    if (lost_ || stopped_) co_return;
    if (now() - std::max(opened, connection_->last_heard()) > options_.silence_limit) {
      connection_->close();
      on_closed("it answered nothing for too long");
      co_return;
    }
    constexpr std::array<std::string_view, 1> kPing = {"PING"};
    const std::shared_ptr<Call> ping = send(kPing, default_deadline());
    if (!ping) continue;
    co_await ping->finished.wait_until(io::TimerWheel::kNever);
    if (!*ping->result) continue;
    breaker_.close();
    metrics_.up.Set(1);
    observe::log(observe::Level::kInfo, "redis_answers_again", {{"worker", worker_.index()}});
    for (const auto& call : up_calls)
      call();
    co_return;
  }
}

void ClientState::on_closed(std::string cause) {
  lost_ = true;
  ready_ = false;
  cause_ = std::move(cause);
  changed_.set();
}

void ClientState::tell_down(std::string_view cause) {
  metrics_.up.Set(0);
  if (told_down_ || stopped_) return;
  told_down_ = true;
  observe::log(observe::Level::kWarn, "redis_down",
               {{"worker", worker_.index()}, {"endpoint", options_.endpoint.to_string()}, {"cause", cause}});
}

}  // namespace sluice::redis
