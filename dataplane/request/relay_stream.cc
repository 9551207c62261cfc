#include "dataplane/request/relay_stream.h"

#include "common/observe/log.h"
#include "dataplane/request/answer_head.h"
#include "dataplane/request/cancel_scope.h"
#include "dataplane/request/settle.h"
#include "dataplane/request/stream_state.h"

namespace sluice::request {

namespace {

// One streamed answer on its way. Waits upstream; while it waits, the client's stream is watched for a close, and a
// keepalive goes out between two events when nothing else has for a while.
class StreamRelay {
 public:
  StreamRelay(Exchange& exchange, http::ClientResponse answer)
      : exchange_(exchange),
        answer_(std::move(answer)),
        head_(answer_head(exchange, answer_.head())),
        state_(exchange.protocol->open_answer()),
        drains_(exchange.event != nullptr &&
                exchange.caller.group->interruption_policy == config::v1::INTERRUPTION_POLICY_DRAIN) {}

  io::Task<Step> run();

 private:
  io::Task<std::optional<StreamState::End>> pump();
  io::Task<Result<bool>> wait();
  io::Task<> forward(std::string_view bytes);
  io::Task<> finish(StreamState::End end);
  [[nodiscard]] SteadyTime keepalive_due() const;
  [[nodiscard]] StreamState::End ended_early(const Error& error) const;
  [[nodiscard]] SteadyTime now() const { return exchange_.services.clock.steady(); }

  Exchange& exchange_;
  http::ClientResponse answer_;
  AnswerHead head_;
  StreamState state_;
  // By the group's policy the answer is read on for billing once the client left.
  bool drains_ = false;
  SteadyTime last_write_{};
  SteadyTime last_read_{};
};

SteadyTime StreamRelay::keepalive_due() const {
  const std::uint32_t configured = exchange_.snapshot->settings().keepalive_seconds();
  return last_write_ + (configured != 0 ? std::chrono::seconds(configured) : exchange_.services.settings.keepalive);
}

// Bytes are there (true) or it is time for a keepalive (false).
io::Task<Result<bool>> StreamRelay::wait() {
  const Settings& settings = exchange_.services.settings;
  SteadyTime limit = std::min(exchange_.deadline, last_read_ + settings.stream_idle);
  if (exchange_.client_gone) limit = std::min(limit, last_write_ + settings.drain_after_client);
  const bool quiet_client = !exchange_.client_gone && state_.at_boundary();
  const SteadyTime until = quiet_client ? std::min(limit, keepalive_due()) : limit;
  Result<bool> ready = co_await answer_.wait_body(until);
  if (ready && !*ready && now() >= limit) {
    co_return fail(ErrorCode::kDeadlineExceeded, "the upstream is silent");
  }
  co_return ready;
}

io::Task<> StreamRelay::forward(std::string_view bytes) {
  if (exchange_.client_gone || bytes.empty()) co_return;
  Result<> sent;
  if (!exchange_.client.answer_started()) {
    note_first_byte(exchange_);
    sent = co_await exchange_.client.start_stream(answer_.head().status, head_.fields, bytes);
    head_ = {};
  } else {
    sent = co_await exchange_.client.write_chunk(bytes);
  }
  last_write_ = now();
  if (!sent) exchange_.client_gone = true;
}

StreamState::End StreamRelay::ended_early(const Error& error) const {
  if (exchange_.ended_by_gateway) return state_.on_gateway_end();
  if (exchange_.client_gone) return state_.on_client_gone();
  return error.code == ErrorCode::kDeadlineExceeded ? state_.on_stall() : state_.on_cut();
}

// One round: wait, read, understand, book, forward. nullopt: go on.
io::Task<std::optional<StreamState::End>> StreamRelay::pump() {
  const Result<bool> ready = co_await wait();
  if (!ready) co_return ended_early(ready.error());
  if (!*ready) {
    co_await forward(exchange_.protocol->keepalive_event());
    co_return std::nullopt;
  }
  const SteadyTime limit = std::min(exchange_.deadline, now() + exchange_.services.settings.stream_idle);
  const Result<http::ClientResponse::Piece> piece = co_await answer_.read_body(limit);
  if (!piece) co_return ended_early(piece.error());
  last_read_ = now();

  const StreamState::Step step = state_.push(piece->data);
  if (step.garbage && !exchange_.client.answer_started()) co_return state_.on_garbage();
  if (step.usage) note_progress(exchange_, state_.usage());
  if (step.terminal) settle(exchange_, state_.on_end().outcome, &state_.usage());
  const bool last = piece->last;
  co_await forward(step.forward);
  if (last) co_return state_.on_end();
  if (exchange_.client_gone && !drains_) co_return state_.on_client_gone();
  co_return std::nullopt;
}

// Ends the client's stream truthfully: the upstream's own end, or an error event, or a cut connection where an event
// is half out and nothing true can be said any more.
io::Task<> StreamRelay::finish(StreamState::End end) {
  settle(exchange_, end.outcome, &state_.usage());
  if (!state_.terminal()) exchange_.services.metrics.streams_cut.Increment();
  exchange_.client.stream().stop_watching();
  if (exchange_.client_gone) {
    exchange_.client.stream().abort();
    co_return;
  }
  if (!state_.at_boundary()) {
    exchange_.client.stream().abort();
    co_return;
  }
  std::string event;
  if (!end.error.empty()) {
    event =
        exchange_.protocol->error_event({.status = end.status, .message = std::string(end.error)}, exchange_.id_text);
  }
  const Result<> sent = co_await exchange_.client.end_stream(event);
  if (!sent) exchange_.client.stream().abort();
}

io::Task<Step> StreamRelay::run() {
  const CancelScope cancellable(exchange_.upstream_cancel, answer_);
  last_read_ = last_write_ = now();
  for (;;) {
    const std::optional<StreamState::End> end = co_await pump();
    if (!end) continue;
    if (!exchange_.client.answer_started() && !end->error.empty() && !exchange_.client_gone) {
      settle(exchange_, end->outcome, &state_.usage());
      co_return std::unexpected(
          protocol::ApiError{.status = end->status, .message = std::string(end->error), .retry_after = 1});
    }
    co_await finish(*end);
    co_return Step{};
  }
}

}  // namespace

io::Task<Step> relay_stream(Exchange& exchange, http::ClientResponse answer) {
  StreamRelay relay(exchange, std::move(answer));
  Step step = co_await relay.run();
  co_return step;
}

}  // namespace sluice::request
