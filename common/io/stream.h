// One connected byte stream, plain TCP or TLS. Concrete, so that Asio's templates are instantiated in few files.
// Belongs to one worker; every call is made on its thread. Each operation carries its own time limit, kept by the
// worker's coarse timer wheel; an operation that misses it closes the stream and fails with kDeadlineExceeded.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/io/task.h"

namespace sluice::io {

class Worker;

class Stream {
 public:
  // The state behind a stream: socket, TLS session, time limit. Made by Listener and Dialer.
  class Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();  // closes; pending operations of this stream must have ended

  // Waits until at least one byte (or the end) can be read without blocking.
  [[nodiscard]] Task<Result<>> wait_readable(SteadyTime deadline);
  // The same, but a wait that ends at `until` leaves the stream good: false. For waits that are part of the protocol.
  [[nodiscard]] Task<Result<bool>> wait_readable_until(SteadyTime until);
  // Reads what is there into `buffer`, waiting for the first byte if need be. 0 means the peer ended its side; a
  // connection that was reset, or a TLS one cut without its closing alert, fails with kClosed.
  // `buffer` may be the worker's scratch: it is filled after the last suspension.
  [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<char> buffer, SteadyTime deadline);
  // Reads what is there without waiting: nullopt-like kUnavailable if nothing is. 0 means the end.
  [[nodiscard]] Result<std::size_t> try_read(std::span<char> buffer);
  // Writes all pieces in order. The bytes need to live only until the first suspension: what the socket does not
  // take at once is copied. A broken connection fails with kClosed; what the peer sent before can still be read.
  [[nodiscard]] Task<Result<>> write(std::span<const std::string_view> pieces, SteadyTime deadline);
  [[nodiscard]] Task<Result<>> write(std::string_view piece, SteadyTime deadline);
  // The same without copying: the pieces and their bytes must live until the task has ended.
  [[nodiscard]] Task<Result<>> write_borrowed(std::span<const std::string_view> pieces, SteadyTime deadline);
  // Tells the peer that nothing more will be written; reading goes on.
  void end_writing() noexcept;

  // Calls `gone` once if the peer closes while nobody reads from this stream. Bytes that arrive are left unread and
  // end the watch. `gone` runs on the worker; it must not destroy the stream. Disarm before reading again.
  void watch_for_close(std::function<void()> gone);
  void stop_watching();

  // Makes the pending operation, if any, and all later ones fail with this code, and closes. Safe at any time.
  void abort(ErrorCode why = ErrorCode::kCancelled) noexcept;
  [[nodiscard]] bool is_open() const;
  // True if the peer neither closed nor sent anything that was not read: fit for another request.
  [[nodiscard]] bool is_quiet();
  // "127.0.0.1" or "::1" of the peer; empty when unknown.
  [[nodiscard]] std::string peer_address() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::io
