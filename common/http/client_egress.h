// The ways out of a ClientPool: directly, or through proxies that are tried in turn. Only for common/http/client_*.cc.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/http/client_pool.h"

namespace sluice::http {

struct IdleConnection {
  io::Stream stream;
  SteadyTime since;
};

// The idle connections to one origin by one way, the latest used last.
using IdleList = std::vector<IdleConnection>;

struct OriginHash {
  std::size_t operator()(const Origin& origin) const {
    return std::hash<std::string>()(origin.host) * 31 + origin.port * 2u + (origin.tls ? 1u : 0u);
  }
};

// One way out, with its idle connections. Outlives the pool with the answers that came by it.
struct Egress {
  Egress() = default;  // the direct one
  explicit Egress(std::shared_ptr<const io::Proxy> through) : proxy(std::move(through)), name(proxy->to_string()) {}

  // The reference holds until the next sweep.
  [[nodiscard]] const std::shared_ptr<IdleList>& idle_of(const Origin& origin);
  void close_idle();
  // Closes what was last used before `oldest` or is spoilt; true if something is left.
  bool sweep(SteadyTime oldest);

  std::shared_ptr<const io::Proxy> proxy;  // null: direct
  std::string name;                        // of the proxy, without credentials; empty: direct
  SteadyTime set_aside_until{};
  std::unordered_map<Origin, std::shared_ptr<IdleList>, OriginHash> origins;
};

// The proxies of a request, by value, without owning or copying them.
using ProxyList = std::span<const std::shared_ptr<const io::Proxy>>;
struct ProxyListHash {
  using is_transparent = void;
  std::size_t operator()(const ProxyList& list) const;
  std::size_t operator()(const std::vector<std::shared_ptr<const io::Proxy>>& list) const {
    return (*this)(ProxyList(list));
  }
};
struct ProxyListEqual {
  using is_transparent = void;
  bool operator()(ProxyList a, ProxyList b) const;
};

// The ways of one list of proxies, and which is the one to take.
struct Route {
  // The positions in the order to be tried: from the one that worked last round the list; those set aside come last.
  // `good` of them are not set aside.
  struct Order {
    std::vector<std::size_t> positions;
    std::size_t good = 0;
  };
  [[nodiscard]] Order order(SteadyTime now) const;
  // The first of that order.
  [[nodiscard]] std::size_t first(SteadyTime now) const;

  std::vector<std::shared_ptr<Egress>> ways;
  std::size_t worked_last = 0;
  SteadyTime used{};
};

// All ways out of one pool.
class Egresses {
 public:
  [[nodiscard]] const std::shared_ptr<Egress>& direct() const { return direct_; }
  // The list must not be empty. Equal lists have one route, equal proxies one egress.
  [[nodiscard]] std::shared_ptr<Route> route_of(ProxyList proxies, SteadyTime now);
  void close_idle();
  // Closes what was not used since `oldest` and forgets routes not used since then; true if there is more to sweep.
  bool sweep(SteadyTime oldest, SteadyTime now);

 private:
  using List = std::vector<std::shared_ptr<const io::Proxy>>;

  std::shared_ptr<Egress> direct_ = std::make_shared<Egress>();
  std::unordered_map<List, std::shared_ptr<Egress>, ProxyListHash, ProxyListEqual> proxied_;  // lists of one
  std::unordered_map<List, std::shared_ptr<Route>, ProxyListHash, ProxyListEqual> routes_;
};

}  // namespace sluice::http
