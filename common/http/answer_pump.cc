#include "common/http/answer_pump.h"

namespace sluice::http {

io::Task<Result<>> pump(io::Worker& worker, ServerConnection& client, AnswerPipe& pipe, io::Event& wake,
                        const PumpOptions& options) {
  client.stream().watch_for_close([&pipe, &wake] {
    pipe.leave();
    wake.set();
  });
  // A client that asked for the head has all it wanted.
  if (client.head().method == "HEAD") pipe.leave();
  Result<> sent;
  for (;;) {
    wake.reset();
    AnswerPipe::Taken taken = pipe.take();
    if (taken.over) {
      sent = co_await client.end_stream(taken.text);
      break;
    }
    if (taken.text.empty()) {
      const bool woken = co_await wake.wait_until(worker.clock().steady() + options.ping_time);
      if (woken) continue;
      taken.text = options.ping;
    }
    sent = co_await client.write_chunk(taken.text);
    if (!sent) break;
  }
  client.stream().stop_watching();
  pipe.leave();
  co_return sent;
}

}  // namespace sluice::http
