#include "common/http/client_pool_state.h"

namespace sluice::http {

namespace {

constexpr std::chrono::seconds kSweepEvery{5};

}  // namespace

std::shared_ptr<IdleList> ClientPool::State::idle_of(const Origin& origin) {
  const auto found = origins.find(origin);
  if (found != origins.end()) return found->second;
  return origins.emplace(origin, std::make_shared<IdleList>()).first->second;
}

std::optional<io::Stream> ClientPool::State::take(IdleList& idle) {
  const SteadyTime oldest = now() - limits.keep_idle;
  while (!idle.empty()) {
    IdleConnection last = std::move(idle.back());
    idle.pop_back();
    if (last.since >= oldest && last.stream.is_quiet()) return std::move(last.stream);
  }
  return std::nullopt;
}

void ClientPool::State::give_back(IdleList& idle, io::Stream stream) {
  if (closed || idle.size() >= limits.max_idle_per_origin) return;
  idle.push_back(IdleConnection{std::move(stream), now()});
  if (deadline() == io::TimerWheel::kNever) worker.timers().set(*this, now() + kSweepEvery);
}

void ClientPool::State::close_idle() {
  for (auto& [origin, idle] : origins)
    idle->clear();
}

void ClientPool::State::on_deadline() {
  const SteadyTime oldest = now() - limits.keep_idle;
  bool any = false;
  for (auto& [origin, idle] : origins) {
    std::erase_if(*idle, [oldest](IdleConnection& one) { return one.since < oldest || !one.stream.is_quiet(); });
    any = any || !idle->empty();
  }
  std::erase_if(origins, [](const auto& entry) { return entry.second->empty() && entry.second.use_count() == 1; });
  if (any) worker.timers().set(*this, now() + kSweepEvery);
}

}  // namespace sluice::http
