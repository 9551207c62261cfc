#include "common/http/client_pool_state.h"

namespace sluice::http {

namespace {

constexpr std::chrono::seconds kSweepEvery{5};

}  // namespace

void ClientPool::State::sweep_later() {
  if (deadline() == io::TimerWheel::kNever) worker.timers().set(*this, now() + kSweepEvery);
}

std::shared_ptr<Route> ClientPool::State::route_of(ProxyList proxies) {
  sweep_later();
  return egresses.route_of(proxies, now());
}

std::optional<Connection> ClientPool::State::take(const Origin& origin, const Route* route) {
  return take(origin, route == nullptr ? egresses.direct() : route->ways[route->first(now())]);
}

std::optional<Connection> ClientPool::State::take(const Origin& origin, const std::shared_ptr<Egress>& egress) {
  const std::shared_ptr<IdleList>& idle = egress->idle_of(origin);
  const SteadyTime oldest = now() - limits.keep_idle;
  while (!idle->empty()) {
    IdleConnection last = std::move(idle->back());
    idle->pop_back();
    if (last.since >= oldest && last.stream.is_quiet()) {
      return Connection{.stream = std::move(last.stream), .egress = egress, .idle = idle, .reused = true};
    }
  }
  return std::nullopt;
}

void ClientPool::State::give_back(IdleList& idle, io::Stream stream) {
  if (closed || idle.size() >= limits.max_idle_per_origin) return;
  idle.push_back(IdleConnection{std::move(stream), now()});
  sweep_later();
}

void ClientPool::State::close_idle() {
  egresses.close_idle();
}

void ClientPool::State::on_deadline() {
  if (egresses.sweep(now() - limits.keep_idle, now())) sweep_later();
}

}  // namespace sluice::http
