// The state behind a Stream. Only for common/io.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "common/io/stream.h"
#include "common/io/timer_wheel.h"
#include "common/io/tls_context.h"
#include "common/io/transfer.h"
#include "common/io/worker.h"

namespace sluice::io {

// Asio only tells when the socket is ready; all transfers are non-blocking calls in transfer_*.cc.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

class Stream::Impl {
 public:
  Impl(Worker& worker, Socket socket, boost::asio::ip::address peer);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  [[nodiscard]] Task<Result<>> wait_readable(SteadyTime deadline);
  [[nodiscard]] Task<Result<bool>> wait_readable_until(SteadyTime until);
  [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<char> buffer, SteadyTime deadline);
  [[nodiscard]] Result<std::size_t> try_read(std::span<char> buffer);
  // Exactly one of `piece` and `pieces` is used. With `copy` the bytes need to live to the first suspension only.
  [[nodiscard]] Task<Result<>> write(std::string_view piece, std::span<const std::string_view> pieces,
                                     SteadyTime deadline, bool copy);
  void end_writing() noexcept;

  // For the dialer: ends when the non-blocking connect has; the handshake then runs as the client.
  [[nodiscard]] Task<Result<>> finish_connect(SteadyTime deadline);
  [[nodiscard]] Task<Result<>> handshake(const TlsContext& context, std::string host, SteadyTime deadline);

  void watch_for_close(std::function<void()> gone);
  void stop_watching();
  void abort(ErrorCode why) noexcept;
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  [[nodiscard]] bool is_quiet();
  [[nodiscard]] const boost::asio::ip::address& peer() const { return peer_; }
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  enum class Direction : std::uint8_t { kRead, kWrite };
  // Closes the stream when the operation of its direction has taken too long.
  struct Limit final : TimerWheel::Entry {
    explicit Limit(Impl& owner) : impl(owner) {}
    void on_deadline() override { impl.abort(ErrorCode::kDeadlineExceeded); }
    Impl& impl;
  };
  // Shared with the pending wait, which may outlive the stream.
  struct Watch {
    Impl* impl = nullptr;
    bool pending = false;
    std::function<void()> gone;
  };

  [[nodiscard]] Task<Result<>> wait(Direction direction, SteadyTime deadline);
  // What wait() does before and after; reading, the path that matters, saves itself a coroutine with them.
  [[nodiscard]] Socket::wait_type begin_wait(Direction direction, SteadyTime deadline);
  void end_wait(Direction direction);
  [[nodiscard]] Step read_step(std::span<char> buffer);
  [[nodiscard]] std::unexpected<Error> failure() const;
  // Remembers a broken connection: later operations fail in the same way.
  [[nodiscard]] std::unexpected<Error> broken(const std::string& why);
  static void start_watch(const std::shared_ptr<Watch>& watch);
  static void watch_fired(const std::shared_ptr<Watch>& watch);

  Worker& worker_;
  Socket socket_;
  TlsContext::Session tls_{nullptr, &SSL_free};
  Limit read_limit_{*this};
  Limit write_limit_{*this};
  std::shared_ptr<Watch> watch_;
  std::string why_broken_;
  ErrorCode failure_ = ErrorCode::kClosed;
  bool failed_ = false;
  bool drained_ = false;  // the last read emptied the socket, or nothing was asked for yet: wait before the next one
  boost::asio::ip::address peer_;
};

}  // namespace sluice::io
