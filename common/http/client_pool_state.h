// What is behind ClientPool and ClientResponse. Only for common/http/client_*.cc.
#pragma once

#include <optional>

#include "common/http/chunk_decoder.h"
#include "common/http/client_egress.h"
#include "common/http/client_pool.h"
#include "common/io/dialer.h"
#include "common/io/timer_wheel.h"

namespace sluice::http {

// A connection for one exchange, and the way it goes.
struct Connection {
  io::Stream stream;
  std::shared_ptr<Egress> egress;
  std::shared_ptr<IdleList> idle;  // where it goes back to
  bool reused = false;
};

// Shared with the answers under way, which give their connections back.
struct ClientPool::State final : io::TimerWheel::Entry {
  State(io::Worker& owner, const ClientLimits& wanted) : worker(owner), limits(wanted), dialer(owner) {}

  [[nodiscard]] std::shared_ptr<Route> route_of(ProxyList proxies);
  // A new connection.
  [[nodiscard]] io::Task<std::expected<Connection, ClientError>> dial(const Origin& origin, SteadyTime head_deadline,
                                                                      io::Cancel* cancel);
  // The first way of the route that leads to the origin, within the time to connect; with `may_reuse` an idle
  // connection is as good as a new one. Sets aside the proxies that fail.
  [[nodiscard]] io::Task<std::expected<Connection, ClientError>> dial_through(std::shared_ptr<Route> route,
                                                                              const Origin& origin, bool may_reuse,
                                                                              SteadyTime head_deadline,
                                                                              io::Cancel* cancel);
  // The connection used last that is still good, by the way that comes first; those found spoilt are closed.
  // `route` null: directly.
  [[nodiscard]] std::optional<Connection> take(const Origin& origin, const Route* route);
  [[nodiscard]] std::optional<Connection> take(const Origin& origin, const std::shared_ptr<Egress>& egress);
  void give_back(IdleList& idle, io::Stream stream);
  void close_idle();
  [[nodiscard]] SteadyTime now() const { return worker.clock().steady(); }

  io::Worker& worker;
  ClientLimits limits;
  io::Dialer dialer;
  Counters counters;
  Egresses egresses;
  bool closed = false;  // the pool is gone or drains: nothing is kept any more

 private:
  void set_aside(Egress& egress);
  void sweep_later();
  void on_deadline() override;  // sweeps out what is too old or was closed by the server
};

struct ClientResponse::State {
  State(std::shared_ptr<ClientPool::State> owner, Connection connection)
      : pool(std::move(owner)),
        egress(std::move(connection.egress)),
        idle(std::move(connection.idle)),
        stream(std::move(connection.stream)) {}

  // Takes the head from the front of `rest`.
  [[nodiscard]] Result<> accept_head(std::size_t size, bool answers_head_request);
  void start_body();
  // Takes the transfer coding off bytes that were received.
  [[nodiscard]] Result<Piece> take(std::span<char> bytes);
  [[nodiscard]] Result<Piece> take_end();
  // The body is complete: the connection goes back if it may, else it is closed.
  void finish(bool clean);

  std::shared_ptr<ClientPool::State> pool;
  std::shared_ptr<Egress> egress;
  std::shared_ptr<IdleList> idle;
  io::Stream stream;
  std::string head_bytes;  // what `head` points into
  std::string rest;        // came with the head, not yet handed out
  bool rest_taken = false;
  ResponseHead head;
  std::uint64_t left = 0;
  ChunkDecoder chunks{kMaxTrailerBytes};
  bool complete = false;
  bool sent_whole = true;  // the server took the whole request

  static constexpr std::size_t kMaxTrailerBytes = 16 * 1024;
};

}  // namespace sluice::http
