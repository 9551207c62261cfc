#include <fmt/format.h>

#include "common/http/client_pool_state.h"

namespace sluice::http {

namespace {

using Dialled = std::expected<Connection, ClientError>;
using Stage = ClientError::Stage;

io::DialTarget target_of(const Origin& origin) {
  return io::DialTarget{.host = origin.host, .port = origin.port, .tls = origin.tls, .ca_pem = origin.ca_pem};
}

// Keeps what the proxies before said: the last one is not always the one to be looked at.
void add(ClientError& all, Error error, const Egress& egress) {
  if (!all.via.empty()) error.message = fmt::format("{}; {}", all.error.message, error.message);
  all.error = std::move(error);
  all.via = egress.name;
}

}  // namespace

io::Task<Dialled> ClientPool::State::dial(const Origin& origin, SteadyTime head_deadline, io::Cancel* cancel) {
  const SteadyTime deadline = std::min(head_deadline, now() + limits.connect);
  Result<io::Stream> stream = co_await dialer.dial(target_of(origin), deadline, cancel);
  if (!stream) co_return std::unexpected(ClientError{Stage::kConnect, std::move(stream.error())});
  const std::shared_ptr<Egress>& direct = egresses.direct();
  co_return Connection{.stream = std::move(*stream), .egress = direct, .idle = direct->idle_of(origin)};
}

io::Task<Dialled> ClientPool::State::dial_through(std::shared_ptr<Route> route, const Origin& origin, bool may_reuse,
                                                  SteadyTime head_deadline, io::Cancel* cancel) {
  const SteadyTime limit = now() + limits.connect;
  const SteadyTime deadline = std::min(head_deadline, limit);
  ClientError all{Stage::kConnect, Error{ErrorCode::kDeadlineExceeded, "there was no time left to connect"}};
  const Route::Order order = route->order(now());
  for (std::size_t i = 0; i < order.positions.size(); ++i) {
    const std::shared_ptr<Egress>& egress = route->ways[order.positions[i]];
    std::optional<Connection> kept = may_reuse ? take(origin, egress) : std::nullopt;
    if (kept) {
      route->worked_last = order.positions[i];
      co_return std::move(*kept);
    }
    const SteadyTime before = now();
    if (before >= deadline) break;
    // Those set aside only get what the good ones leave.
    const std::size_t sharers = (i < order.good ? order.good : order.positions.size()) - i;
    const SteadyTime share = before + (deadline - before) / static_cast<SteadyTime::rep>(sharers);
    std::expected<io::Stream, io::ProxyError> stream =
        co_await dialer.dial_through(egress->proxy, target_of(origin), share, cancel);
    if (stream) {
      route->worked_last = order.positions[i];
      egress->set_aside_until = SteadyTime{};
      co_return Connection{.stream = std::move(*stream), .egress = egress, .idle = egress->idle_of(origin)};
    }
    const ErrorCode code = stream.error().error.code;
    add(all, std::move(stream.error().error), *egress);
    if (code == ErrorCode::kCancelled) break;
    // Nobody can be blamed for missing a time limit that the request had nearly used up before.
    const bool hurried = code == ErrorCode::kDeadlineExceeded && head_deadline < limit;
    if (stream.error().proxy_failed && !hurried) set_aside(*egress);
  }
  co_return std::unexpected(std::move(all));
}

void ClientPool::State::set_aside(Egress& egress) {
  if (egress.set_aside_until <= now()) ++counters.proxies_set_aside;
  egress.set_aside_until = now() + limits.proxy_set_aside;
}

}  // namespace sluice::http
