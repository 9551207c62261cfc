// What is behind ClientPool and ClientResponse. Only for common/http/client_*.cc.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "common/http/chunk_decoder.h"
#include "common/http/client_pool.h"
#include "common/io/dialer.h"
#include "common/io/timer_wheel.h"

namespace sluice::http {

struct IdleConnection {
  io::Stream stream;
  SteadyTime since;
};

// The idle connections of one origin, the latest used last.
using IdleList = std::vector<IdleConnection>;

struct OriginHash {
  std::size_t operator()(const Origin& origin) const {
    return std::hash<std::string>()(origin.host) * 31 + origin.port * 2u + (origin.tls ? 1u : 0u);
  }
};

// Shared with the answers under way, which give their connections back.
struct ClientPool::State final : io::TimerWheel::Entry {
  State(io::Worker& owner, const ClientLimits& wanted) : worker(owner), limits(wanted), dialer(owner) {}

  [[nodiscard]] std::shared_ptr<IdleList> idle_of(const Origin& origin);
  // The connection used last that is still good; those found spoilt are closed.
  [[nodiscard]] std::optional<io::Stream> take(IdleList& idle);
  void give_back(IdleList& idle, io::Stream stream);
  void close_idle();
  [[nodiscard]] SteadyTime now() const { return worker.clock().steady(); }

  io::Worker& worker;
  ClientLimits limits;
  io::Dialer dialer;
  Counters counters;
  std::unordered_map<Origin, std::shared_ptr<IdleList>, OriginHash> origins;
  bool closed = false;  // the pool is gone or drains: nothing is kept any more

 private:
  void on_deadline() override;  // sweeps out what is too old or was closed by the server
};

struct ClientResponse::State {
  State(std::shared_ptr<ClientPool::State> owner, std::shared_ptr<IdleList> home, io::Stream connection)
      : pool(std::move(owner)), idle(std::move(home)), stream(std::move(connection)) {}

  // Takes the head from the front of `rest`.
  [[nodiscard]] Result<> accept_head(std::size_t size, bool answers_head_request);
  void start_body();
  // Takes the transfer coding off bytes that were received.
  [[nodiscard]] Result<Piece> take(std::span<char> bytes);
  [[nodiscard]] Result<Piece> take_end();
  // The body is complete: the connection goes back if it may, else it is closed.
  void finish(bool clean);

  std::shared_ptr<ClientPool::State> pool;
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
