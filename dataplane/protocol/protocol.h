// A client-facing wire format: reads a call, reads the answer as it passes, writes errors. Stateless, without I/O;
// safe to use from every worker. Everything here decides; nothing here performs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/http/head.h"

namespace sluice::protocol {

// What a call asks for, as far as the gateway must know. The body itself is forwarded as it came.
struct Call {
  std::string model;
  bool stream = false;
  std::optional<std::int64_t> max_tokens;
};

// Token counts as the vendor reported them. A field is present only if the vendor named it: an explicit 0 is a 0.
struct Usage {
  std::optional<std::int64_t> input;  // without cache reads and writes
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> cache_write_5m;
  std::optional<std::int64_t> cache_write_1h;
  std::string raw;  // the vendor's usage objects, verbatim, one a line

  [[nodiscard]] bool reported() const { return input.has_value() && output.has_value(); }
  [[nodiscard]] bool absent() const { return !input.has_value() && !output.has_value(); }
};

// What a run of whole events meant.
struct Signals {
  bool usage = false;     // usage was updated
  bool content = false;   // real output: the commit point
  bool terminal = false;  // the protocol's own end
  bool error = false;     // an in-stream error event
  bool known = false;     // an event of this protocol
  bool foreign = false;   // data that is no event of this protocol; later versions of it may add some
};

// Reads one answer as it passes. One per answer.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  // Whole events of a stream (sse::EventSplitter).
  virtual Signals read_events(std::string_view events) = 0;
  // A whole JSON answer; an error if it is no such thing.
  virtual Result<> read_body(const std::string& body) = 0;
  [[nodiscard]] virtual const Usage& usage() const = 0;
};

// A refusal or failure that the gateway itself reports.
struct ApiError {
  unsigned status = 500;
  std::string_view type = {};                // the protocol's error type; empty: the usual one for the status
  std::string message = {};                  // a sentence for the user
  std::optional<unsigned> retry_after = {};  // seconds; without it, waiting does not help
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Result<Call> read_call(const std::string& body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<AnswerReader> open_answer() const = 0;
  [[nodiscard]] virtual std::string error_body(const ApiError& error, std::string_view request_id) const = 0;
  // The same error inside a started stream, as a whole event.
  [[nodiscard]] virtual std::string error_event(const ApiError& error, std::string_view request_id) const = 0;
  // Keeps a silent stream alive; a whole event that clients pass over.
  [[nodiscard]] virtual std::string_view keepalive_event() const = 0;
};

}  // namespace sluice::protocol
