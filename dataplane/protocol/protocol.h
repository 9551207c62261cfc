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
  std::string session;  // the client's own name for the conversation, if it gives one
  std::string prefix;   // digest of what stays the same over a conversation, where there is no session
};

// Token counts as the vendor reported them. A field is present only if the vendor named it: an explicit 0 is a 0.
struct Usage {
  std::optional<std::int64_t> input;  // without cache reads and writes
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> cache_write_5m;
  std::optional<std::int64_t> cache_write_1h;
  std::string raw;  // the vendor's usage objects, verbatim, one a line
  // Our own estimate of the output that passed, from its size: for answers that break off before they report.
  std::int64_t output_seen = 0;

  [[nodiscard]] bool reported() const { return input.has_value() && output.has_value(); }
  [[nodiscard]] bool absent() const { return !input.has_value() && !output.has_value(); }
};

// What a run of whole events meant. Reading stops behind a terminal or error event: nothing after it is real.
struct Signals {
  bool usage = false;      // usage was updated
  bool content = false;    // real output: the commit point
  bool terminal = false;   // the protocol's own end
  bool error = false;      // an in-stream error event
  bool ping = false;       // a keepalive of the upstream
  bool substance = false;  // an event that is no keepalive
  bool known = false;      // an event of this protocol
  bool foreign = false;    // data that is no event of this protocol; later versions of it may add some
  bool restart = false;    // a second beginning: another answer is spliced in; it was not read
  std::size_t read = 0;    // bytes up to and including the last event that was read
};

// An error that the upstream reports in its own words.
struct UpstreamError {
  unsigned status = 502;  // the HTTP status that says the same
  std::string type;
  std::string message;
};

// Reads one answer as it passes. One per answer.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  // Whole events of a stream (sse::EventSplitter).
  virtual Signals read_events(std::string_view events) = 0;
  // A piece of an event too large to be held as a whole: output of some kind.
  virtual void read_oversized(std::string_view piece) = 0;
  // A whole JSON answer; an error if it is no such thing. `content` tells whether it says anything at all.
  struct Body {
    bool content = false;
  };
  virtual Result<Body> read_body(const std::string& body) = 0;
  [[nodiscard]] virtual const Usage& usage() const = 0;
  // Of the last error event.
  [[nodiscard]] virtual const UpstreamError& error() const = 0;
};

// A refusal or failure that the gateway itself reports.
struct ApiError {
  unsigned status = 500;
  std::string type = {};                     // the protocol's error type; empty: the usual one for the status
  std::string message = {};                  // a sentence for the user
  std::optional<unsigned> retry_after = {};  // seconds; without it, waiting does not help
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Result<Call> read_call(const std::string& body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<AnswerReader> open_answer() const = 0;
  // An error answer of the upstream, if the body is one in this protocol's shape. Status 0: the error's own words tell.
  [[nodiscard]] virtual std::optional<UpstreamError> read_error(const std::string& body, unsigned status) const = 0;
  [[nodiscard]] virtual std::string error_body(const ApiError& error, std::string_view request_id) const = 0;
  // The same error inside a started stream, as a whole event.
  [[nodiscard]] virtual std::string error_event(const ApiError& error, std::string_view request_id) const = 0;
  // Keeps a silent stream alive; a whole event that clients pass over.
  [[nodiscard]] virtual std::string_view keepalive_event() const = 0;
  // Text of the last message if that is the user's and is text; for local replies. Parses the body once more.
  [[nodiscard]] virtual std::string last_user_text(const std::string& body) const = 0;
  // A complete answer with this text that no upstream gave, as a body or as a whole stream.
  [[nodiscard]] virtual std::string local_answer(const Call& call, std::string_view text,
                                                 std::string_view request_id) const = 0;
};

}  // namespace sluice::protocol
