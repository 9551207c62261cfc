// Writes what comes out of a pipe to a client, as one chunked answer.
#pragma once

#include <chrono>
#include <string>

#include "common/base/status.h"
#include "common/http/answer_pipe.h"
#include "common/http/server_connection.h"
#include "common/io/event.h"
#include "common/io/worker.h"

namespace sluice::http {

struct PumpOptions {
  // Written when nothing else was for so long, so that nobody on the way takes the connection for dead.
  std::string ping;
  std::chrono::milliseconds ping_time{15'000};
};

// After start_stream(). Ends with the pipe, or when the client leaves or takes nothing for the connection's
// write_stall: then the pipe is left. `wake` is set, on the worker, whenever the pipe has something. All of them must
// outlive the task.
[[nodiscard]] io::Task<Result<>> pump(io::Worker& worker, ServerConnection& client, AnswerPipe& pipe, io::Event& wake,
                                      const PumpOptions& options);

}  // namespace sluice::http
