#include "dataplane/request/relay_stream.h"

#include <utility>

#include "dataplane/request/answer_head.h"
#include "dataplane/request/cancel_scope.h"
#include "dataplane/request/learn.h"
#include "dataplane/request/settle.h"
#include "dataplane/request/spending.h"
#include "dataplane/request/stream_engine.h"

namespace sluice::request {

namespace {

// After the terminal event an upstream gets so long to end its body, so that the connection can be used again.
constexpr std::chrono::milliseconds kTailTime{250};
constexpr std::chrono::seconds kBetweenPings{1};
// A stream of nothing but keepalives is given up after so many times the idle limit.
constexpr int kPingsOnly = 5;

// One streamed answer on its way. Waits upstream; while it waits, the client's stream is watched for a close, and a
// keepalive goes out between two events when nothing else has for a while.
class StreamRelay {
 public:
  StreamRelay(Exchange& exchange, UpstreamBody body)
      : exchange_(exchange),
        body_(std::move(body)),
        head_(answer_head(exchange, body_.answer().head())),
        engine_(exchange.protocol->open_answer()),
        spending_(exchange),
        drains_(exchange.drains_when_client_leaves()) {}

  io::Task<std::optional<Failure>> run();

 private:
  // What one round came to: nothing yet, the end of the stream, or a failure before the commit point.
  struct Round {
    std::optional<StreamEngine::End> end;
    std::optional<Failure> failure;
  };
  io::Task<Round> pump();
  io::Task<Result<bool>> wait();
  io::Task<Round> take(std::string_view bytes, bool last);
  io::Task<> forward(const StreamEngine::Step& step);
  io::Task<> finish(StreamEngine::End end);
  io::Task<> end_with(std::string_view last);
  io::Task<> read_tail();
  [[nodiscard]] Round ended(StreamEngine::End end) const;
  [[nodiscard]] Round ended_early(const Error& error) const;
  [[nodiscard]] Round faulted(StreamEngine::Fault fault);
  [[nodiscard]] bool overdue() const;
  [[nodiscard]] bool committed() const { return engine_.phase() != StreamEngine::Phase::kPreamble; }
  [[nodiscard]] SteadyTime now() const { return exchange_.services.clock.steady(); }

  Exchange& exchange_;
  UpstreamBody body_;
  AnswerHead head_;
  StreamEngine engine_;
  Spending spending_;
  // By the group's policy the answer is read on for billing once the client left.
  bool drains_ = false;
  bool begun_ = false;          // the upstream's head and first content went out
  bool upstream_done_ = false;  // its body was read to the end
  SteadyTime last_write_{};
  SteadyTime last_read_{};
  SteadyTime last_progress_{};  // anything but a keepalive
};

// Bytes are there (true) or it is time for a keepalive (false).
io::Task<Result<bool>> StreamRelay::wait() {
  const Settings& settings = exchange_.services.settings;
  SteadyTime limit = std::min(exchange_.deadline, last_read_ + settings.stream_idle);
  if (!committed()) limit = std::min(limit, exchange_.first_content_deadline());
  if (exchange_.client_gone) limit = std::min(limit, last_write_ + settings.drain_after_client);
  const bool quiet_client = !exchange_.client_gone && committed() && engine_.at_boundary();
  const SteadyTime until = quiet_client ? std::min(limit, last_write_ + exchange_.keepalive_period()) : limit;
  Result<bool> ready = co_await body_.wait(until);
  if (ready && !*ready && now() >= limit) co_return fail(ErrorCode::kDeadlineExceeded, "the upstream is silent");
  co_return ready;
}

StreamRelay::Round StreamRelay::ended(StreamEngine::End end) const {
  if (committed() || exchange_.client_gone) return {.end = end, .failure = {}};
  Failure failure;
  failure.kind = exchange_.ended_by_gateway ? Failure::Kind::kGateway
                 : end.status == 504        ? Failure::Kind::kTimeout
                                            : Failure::Kind::kCut;
  failure.elsewhere = !exchange_.ended_by_gateway;
  failure.error = {.status = end.status, .message = std::string(end.error), .retry_after = 1};
  return {.end = {}, .failure = std::move(failure)};
}

StreamRelay::Round StreamRelay::ended_early(const Error& error) const {
  if (exchange_.ended_by_gateway) return ended(engine_.on_gateway_end());
  if (exchange_.client_gone) return ended(engine_.on_client_gone());
  return ended(error.code == ErrorCode::kDeadlineExceeded ? engine_.on_stall() : engine_.on_cut());
}

StreamRelay::Round StreamRelay::faulted(StreamEngine::Fault fault) {
  Failure failure;
  failure.elsewhere = true;
  if (fault == StreamEngine::Fault::kErrorEvent) {
    const protocol::UpstreamError& error = engine_.upstream_error();
    failure.kind = Failure::Kind::kErrorEvent;
    failure.elsewhere = may_differ_elsewhere(error.status);
    failure.error = {.status = error.status, .type = error.type, .message = error.message};
    if (failure.elsewhere) failure.error.retry_after = 1;
    learn_from_error_event(exchange_, error);
  } else if (fault == StreamEngine::Fault::kEmpty) {
    failure.kind = Failure::Kind::kEmpty;
    failure.error = {.status = 502, .message = "the upstream's answer is empty", .retry_after = 1};
    failure.answer = std::make_unique<KeptAnswer>(KeptAnswer{.status = body_.answer().head().status,
                                                             .head = std::move(head_),
                                                             .body = std::string(engine_.give_up_holding()),
                                                             .stream = true,
                                                             .usage = engine_.usage()});
  } else {
    failure.kind = Failure::Kind::kGarbage;
    failure.error = {
        .status = 502, .message = "the upstream's answer is no event stream of this protocol", .retry_after = 1};
  }
  return {.end = {}, .failure = std::move(failure)};
}

// A stream that never pauses would never run into a limit of waiting, and pings alone are no progress.
bool StreamRelay::overdue() const {
  const SteadyTime limit = committed() ? exchange_.deadline : exchange_.first_content_deadline();
  return now() >= limit || now() >= last_progress_ + kPingsOnly * exchange_.services.settings.stream_idle;
}

io::Task<StreamRelay::Round> StreamRelay::pump() {
  if (overdue()) co_return ended_early(Error{ErrorCode::kDeadlineExceeded, "no end in sight"});
  const Result<bool> ready = co_await wait();
  if (!ready) co_return ended_early(ready.error());
  if (!*ready) {
    if (exchange_.client_gone) co_return Round{};
    const Result<> sent = co_await exchange_.answer.write(exchange_.protocol->keepalive_event());
    last_write_ = now();
    if (!sent) exchange_.client_gone = true;
    co_return Round{};
  }
  const SteadyTime limit = std::min(exchange_.deadline, now() + exchange_.services.settings.stream_idle);
  const Result<http::ClientResponse::Piece> piece = co_await body_.read(limit);
  if (!piece) co_return ended_early(piece.error());
  last_read_ = now();
  Round round = co_await take(piece->data, piece->last);
  co_return round;
}

// One piece: understand, book, forward.
io::Task<StreamRelay::Round> StreamRelay::take(std::string_view bytes, bool last) {
  upstream_done_ = last;
  const StreamEngine::Step step = engine_.push(bytes);
  if (step.progress) last_progress_ = last_read_;
  if (step.fault != StreamEngine::Fault::kNone) {
    if (exchange_.client_gone) co_return ended(engine_.on_client_gone());
    co_return faulted(step.fault);
  }
  if (step.terminal) {
    settle(exchange_, engine_.on_end().outcome, &engine_.usage());
    co_await end_with(step.forward);
    co_return ended(engine_.on_end());
  }
  if (step.usage || committed()) note_progress(exchange_, engine_.usage());
  co_await forward(step);
  if (step.broken) co_return ended(engine_.on_cut());
  if (last) co_return ended(engine_.on_end());
  if (exchange_.client_gone && !drains_) co_return ended(engine_.on_client_gone());
  const bool covered = co_await spending_.keep_covered(engine_.usage());
  if (!covered) co_return ended(engine_.on_money_used_up());
  co_return Round{};
}

io::Task<> StreamRelay::forward(const StreamEngine::Step& step) {
  if (exchange_.client_gone || step.forward.empty()) co_return;
  // One keepalive a second is enough for anybody.
  if (!step.progress && !step.committed && last_read_ < last_write_ + kBetweenPings) co_return;
  Result<> sent;
  if (step.committed) {
    co_await exchange_.commit();
    note_first_byte(exchange_);
    begun_ = true;
    sent = co_await exchange_.answer.start_stream(body_.answer().head().status, head_.fields, step.forward);
    (void)std::exchange(head_, {});  // assigning would keep the memory
  } else {
    sent = co_await exchange_.answer.write(step.forward);
  }
  last_write_ = now();
  if (!sent) exchange_.client_gone = true;
}

io::Task<> StreamRelay::end_with(std::string_view last) {
  co_await exchange_.commit();
  exchange_.client.stream().stop_watching();
  if (exchange_.client_gone) co_return;
  Result<> sent;
  if (!begun_) {
    note_first_byte(exchange_);
    sent = co_await exchange_.answer.start_stream(body_.answer().head().status, head_.fields, {});
  }
  if (sent) sent = co_await exchange_.answer.end(last);
  if (!sent) exchange_.client.stream().abort();
}

// Ends the client's stream truthfully where the upstream did not: an error event, or a cut connection where an event
// is half out and nothing true can be said any more.
io::Task<> StreamRelay::finish(StreamEngine::End end) {
  settle(exchange_, end.outcome, &engine_.usage());
  if (engine_.phase() == StreamEngine::Phase::kEnded) co_return;
  exchange_.services.metrics.streams_cut.Increment();
  co_await exchange_.answer.quiet();
  exchange_.client.stream().stop_watching();
  if (exchange_.client_gone || !engine_.at_boundary()) {
    exchange_.client.stream().abort();
    co_return;
  }
  const std::string event =
      exchange_.protocol->error_event({.status = end.status, .message = std::string(end.error)}, exchange_.id_text);
  const Result<> sent = co_await exchange_.answer.end(event);
  if (!sent) exchange_.client.stream().abort();
}

io::Task<> StreamRelay::read_tail() {
  const SteadyTime limit = now() + kTailTime;
  while (!upstream_done_) {
    const Result<http::ClientResponse::Piece> piece = co_await body_.read(limit);
    if (!piece) co_return;
    upstream_done_ = piece->last;
  }
}

io::Task<std::optional<Failure>> StreamRelay::run() {
  const CancelScope cancellable(exchange_.upstream_cancel, body_.answer());
  last_read_ = last_write_ = last_progress_ = now();
  for (;;) {
    Round round = co_await pump();
    if (round.failure) co_return std::move(round.failure);
    if (!round.end) continue;
    learn_stream_end(exchange_, body_.answer().head(), *round.end);
    co_await finish(*round.end);
    if (engine_.phase() == StreamEngine::Phase::kEnded) co_await read_tail();
    co_return std::nullopt;
  }
}

}  // namespace

io::Task<std::optional<Failure>> relay_stream(Exchange& exchange, UpstreamBody body) {
  StreamRelay relay(exchange, std::move(body));
  std::optional<Failure> failure = co_await relay.run();
  co_return failure;
}

}  // namespace sluice::request
