// What a ServerConnection remembers; private to its source files.
//
// Memory while a client is waited for or an answer streams: this object, the head's text and its field list. Bytes that
// arrive are read into the worker's scratch, so that no connection keeps a read buffer.
#pragma once

#include <string>
#include <string_view>

#include "common/http/server_connection.h"

namespace sluice::http {

struct ServerConnection::State {
  State(io::Worker& owner, io::Stream client, const ServerLimits& allowed)
      : worker(owner), stream(std::move(client)), limits(allowed) {}

  enum class Answer : std::uint8_t { kNone, kStarted, kDone };

  [[nodiscard]] SteadyTime after(std::chrono::milliseconds time) const { return worker.clock().steady() + time; }

  // Gives the memory of the last request back, and makes ready for the next one.
  void forget_request();
  // `bytes` start with a whole head of `head_bytes`; they are the scratch or `input`. Keeps the head's text and the
  // surplus behind it. False: refused.
  [[nodiscard]] bool take_head(std::string_view bytes, std::size_t head_bytes);
  // Notes the refusal; nothing more is read from this connection as HTTP.
  void refuse(unsigned status, std::string_view message);
  // A body that nobody wanted but that is here already is dropped, so that the connection lives on.
  void skip_buffered_body();
  [[nodiscard]] bool may_continue() const {
    return head_taken && head.keep_alive && !body_unread && !close && !refused;
  }

  // Reading of bodies; `fail` leaves a refusal or a lost client behind (see ServerConnection::read_body).
  [[nodiscard]] io::Task<Result<>> read_length(std::string& body, std::size_t length);
  [[nodiscard]] io::Task<Result<>> read_chunked(std::string& body, std::size_t max_bytes);
  // The next bytes of a body in the scratch, before `deadline`.
  [[nodiscard]] io::Task<Result<std::span<char>>> read_more(std::span<char> into, SteadyTime deadline);
  [[nodiscard]] std::unexpected<Error> refuse_body(unsigned status, std::string_view message);
  [[nodiscard]] std::unexpected<Error> lost_client();

  // Notes that the answer is out; ends our side if nothing more will come.
  void answer_done();

  io::Worker& worker;
  io::Stream stream;
  const ServerLimits limits;

  RequestHead head;
  std::string head_text;  // what the views in `head` point into
  std::string input;      // received, but not consumed yet
  Refusal refusal;

  bool head_taken = false;
  bool refused = false;
  bool body_unread = false;
  bool close = false;
  bool chunks_wanted = false;  // the answer is chunked and the client takes a body
  bool ended = false;          // finish() was done
  Answer answer = Answer::kNone;
};

}  // namespace sluice::http
