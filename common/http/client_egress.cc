#include "common/http/client_egress.h"

#include <algorithm>

namespace sluice::http {

namespace {

bool same_proxy(const io::Proxy& a, const io::Proxy& b) {
  return &a == &b || (a.kind == b.kind && a.port == b.port && a.host == b.host && a.username == b.username &&
                      a.password.reveal() == b.password.reveal());
}

template <class Map, class Make>
typename Map::mapped_type find_or_make(Map& map, ProxyList key, Make make) {
  const auto found = map.find(key);
  if (found != map.end()) return found->second;
  return map.emplace(typename Map::key_type(key.begin(), key.end()), make()).first->second;
}

}  // namespace

std::size_t ProxyListHash::operator()(const ProxyList& list) const {
  std::size_t hash = list.size();
  for (const std::shared_ptr<const io::Proxy>& proxy : list)
    hash = hash * 31 + std::hash<std::string>()(proxy->host) + proxy->port;
  return hash;
}

bool ProxyListEqual::operator()(ProxyList a, ProxyList b) const {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& one, const auto& other) { return same_proxy(*one, *other); });
}

const std::shared_ptr<IdleList>& Egress::idle_of(const Origin& origin) {
  const auto found = origins.find(origin);
  if (found != origins.end()) return found->second;
  return origins.emplace(origin, std::make_shared<IdleList>()).first->second;
}

void Egress::close_idle() {
  for (auto& [origin, idle] : origins)
    idle->clear();
}

bool Egress::sweep(SteadyTime oldest) {
  bool any = false;
  for (auto& [origin, idle] : origins) {
    std::erase_if(*idle, [oldest](IdleConnection& one) { return one.since < oldest || !one.stream.is_quiet(); });
    any = any || !idle->empty();
  }
  std::erase_if(origins, [](const auto& entry) { return entry.second->empty() && entry.second.use_count() == 1; });
  return any;
}

std::size_t Route::first(SteadyTime now) const {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::size_t position = (worked_last + i) % ways.size();
    if (ways[position]->set_aside_until <= now) return position;
  }
  return worked_last;
}

Route::Order Route::order(SteadyTime now) const {
  Order order;
  order.positions.reserve(ways.size());
  for (const bool good : {true, false}) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const std::size_t position = (worked_last + i) % ways.size();
      if ((ways[position]->set_aside_until <= now) == good) order.positions.push_back(position);
    }
    if (good) order.good = order.positions.size();
  }
  return order;
}

std::shared_ptr<Route> Egresses::route_of(ProxyList proxies, SteadyTime now) {
  std::shared_ptr<Route> route = find_or_make(routes_, proxies, [&] {
    auto made = std::make_shared<Route>();
    for (std::size_t i = 0; i < proxies.size(); ++i) {
      made->ways.push_back(
          find_or_make(proxied_, proxies.subspan(i, 1), [&] { return std::make_shared<Egress>(proxies[i]); }));
    }
    return made;
  });
  route->used = now;
  return route;
}

void Egresses::close_idle() {
  direct_->close_idle();
  for (auto& [proxy, egress] : proxied_)
    egress->close_idle();
}

bool Egresses::sweep(SteadyTime oldest, SteadyTime now) {
  bool any = direct_->sweep(oldest);
  for (auto& [proxy, egress] : proxied_)
    any = egress->sweep(oldest) || any;
  std::erase_if(routes_, [&](const auto& entry) { return entry.second->used < oldest; });
  std::erase_if(proxied_, [&](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->origins.empty() && entry.second->set_aside_until <= now;
  });
  return any || !routes_.empty() || !proxied_.empty();
}

}  // namespace sluice::http
