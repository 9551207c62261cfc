// One client connection: reads requests strictly (docs/architecture.md, "HTTP framing"), writes answers.
// Used by one task at a time, on its worker. After any failure the connection is only good for closing.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/http/head.h"
#include "common/http/refusal.h"
#include "common/io/stream.h"
#include "common/io/worker.h"

namespace sluice::http {

struct ServerLimits {
  std::size_t max_head_bytes = 32 * 1024;
  std::size_t max_fields = 128;
  std::chrono::milliseconds head_time{10'000};    // from the first byte of a head to its end
  std::chrono::milliseconds body_time{60'000};    // for the whole body
  std::chrono::milliseconds idle_time{75'000};    // between requests
  std::chrono::milliseconds write_stall{30'000};  // a client that takes no bytes for so long is cut
};

class ServerConnection {
 public:
  ServerConnection(io::Worker& worker, io::Stream stream, const ServerLimits& limits);
  ~ServerConnection();

  // What came of waiting for the next request.
  enum class Next : std::uint8_t { kRequest, kRefused, kClosed };
  // kRequest: head() holds it until the next call. kRefused: answer refusal() and close. kClosed: the client left, or
  // the last answer announced the end and finish() was done; so a session may simply loop until kClosed.
  [[nodiscard]] io::Task<Next> next_request();
  [[nodiscard]] const RequestHead& head() const;
  [[nodiscard]] const Refusal& refusal() const;

  // Reads the whole body, at most `max_bytes`, after sending 100 Continue if the client waits for it.
  // kInvalidArgument: refused, answer refusal() (400, 408, 413) and close. Other codes: the client left, just close.
  // The string's capacity exceeds its size by >= 64 (for simdjson).
  [[nodiscard]] io::Task<Result<std::string>> read_body(std::size_t max_bytes);

  // Answers with a whole body. Fields must not include framing fields; content-length, date and connection are added.
  // A HEAD request gets the head only.
  [[nodiscard]] io::Task<Result<>> respond(unsigned status, std::span<const Field> fields, std::string_view body);

  // Starts a chunked answer; `first` goes out in the same write as the head.
  [[nodiscard]] io::Task<Result<>> start_stream(unsigned status, std::span<const Field> fields, std::string_view first);
  // One chunk per call; empty pieces are skipped. Bytes need to live only until the first suspension.
  [[nodiscard]] io::Task<Result<>> write_chunk(std::string_view bytes);
  // `last` and the end of the body in one write.
  [[nodiscard]] io::Task<Result<>> end_stream(std::string_view last);

  // Ends the connection so that the client gets all of the last answer: ends our side, then discards what still comes
  // until the client closes, for two seconds and 1 MiB at most. Closing with unread input would reset the connection
  // and could take the answer with it. Call it after an answer on a connection that is not kept alive.
  [[nodiscard]] io::Task<> finish();

  // Whether another request may follow: the client and all answers so far allow it, and no request body is unread.
  [[nodiscard]] bool keep_alive() const;
  // The next answer says "connection: close".
  void close_after_answer();
  // Something of the current answer went out: no other answer can be given any more.
  [[nodiscard]] bool answer_started() const;

  [[nodiscard]] io::Stream& stream();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::http
