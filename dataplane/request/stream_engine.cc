#include "dataplane/request/stream_engine.h"

namespace sluice::request {

namespace v1 = sluice::usage::v1;

namespace {

// No protocol's preamble is near this; an upstream that sends more is passed on as it comes.
constexpr std::size_t kMaxHeld = 64 * 1024;

}  // namespace

StreamEngine::Step StreamEngine::push(std::string_view bytes) {
  const bool was_inside = !splitter_.at_boundary();
  std::string_view events = splitter_.push(bytes);
  if (phase_ == Phase::kEnded || events.empty()) return {};
  if (!was_inside && splitter_.at_boundary()) {
    if (phase_ == Phase::kPreamble) return in_preamble(events);
    if (!held_.empty()) std::string().swap(held_);  // it was passed on by the last call
    return in_content(events);
  }
  // Pieces of an event too large to hold: nothing that large is a preamble.
  std::string_view rest = events;
  if (was_inside) (void)sse::take_event(rest);
  const bool piece_only = !splitter_.at_boundary() || rest.empty();
  reader_->read_oversized(events.substr(0, piece_only ? events.size() : events.size() - rest.size()));
  Step step;
  step.committed = phase_ == Phase::kPreamble;
  step.progress = true;
  phase_ = Phase::kContent;
  content_ = known_ = true;
  if (step.committed) {
    held_ += events;
    step.forward = held_;
    return step;
  }
  step.forward = events;
  if (piece_only) return step;
  const std::size_t before = events.size() - rest.size();
  step = in_content(rest);
  step.progress = true;
  step.forward = events.substr(0, before + step.forward.size());
  return step;
}

void StreamEngine::take(const protocol::Signals& signals, Step& step) {
  content_ = content_ || signals.content;
  known_ = known_ || signals.known;
  error_ = error_ || signals.error;
  step.usage = step.usage || signals.usage;
  step.progress = step.progress || signals.substance;
  if (signals.terminal || signals.error) {
    step.terminal = true;
    phase_ = Phase::kEnded;
  }
}

// Event by event, because the point between preamble and content lies between two of them.
StreamEngine::Step StreamEngine::in_preamble(std::string_view events) {
  Step step;
  while (!events.empty() && phase_ == Phase::kPreamble) {
    std::string_view rest = events;
    const std::string_view event = sse::take_event(rest);
    if (event.empty()) break;
    events = rest;
    const protocol::Signals signals = reader_->read_events(event);
    if (signals.restart || (signals.foreign && !known_)) {
      step.fault = Fault::kGarbage;
      return step;
    }
    const bool keepalive = signals.ping || (!signals.known && !signals.foreign);  // a ping or a comment
    if (!keepalive) held_ += event;
    take(signals, step);
    if (signals.error) step.fault = Fault::kErrorEvent;
    if (signals.terminal && !content_) step.fault = Fault::kEmpty;
    if (phase_ == Phase::kPreamble && (signals.content || held_.size() > kMaxHeld)) phase_ = Phase::kContent;
  }
  if (phase_ == Phase::kPreamble || step.fault != Fault::kNone) return step;
  step.committed = true;
  if (phase_ == Phase::kContent && !events.empty()) {
    const Step rest = in_content(events);
    held_ += rest.forward;
    step.usage = step.usage || rest.usage;
    step.terminal = rest.terminal;
    step.broken = rest.broken;
  }
  step.forward = held_;
  return step;
}

StreamEngine::Step StreamEngine::in_content(std::string_view events) {
  Step step;
  const protocol::Signals signals = reader_->read_events(events);
  take(signals, step);
  // One beginning and one end: what an upstream sends behind its terminal event, or a second answer, is not passed on.
  step.broken = signals.restart;
  step.forward = step.terminal || step.broken ? events.substr(0, signals.read) : events;
  return step;
}

std::string_view StreamEngine::give_up_holding() {
  if (phase_ == Phase::kPreamble) phase_ = Phase::kContent;
  return held_;
}

StreamEngine::End StreamEngine::broken(std::string_view why, unsigned status) const {
  // What was relayed is billed, an answer without any content is not.
  return {content_ ? v1::OUTCOME_UPSTREAM_CUT : v1::OUTCOME_UPSTREAM_ERROR, why, status};
}

StreamEngine::End StreamEngine::on_end() const {
  if (error_) return broken({}, 0);  // the upstream's own error event has told the client
  if (phase_ == Phase::kEnded) return {v1::OUTCOME_COMPLETE, {}, 0};
  return broken("the upstream ended its answer before it was complete", 502);
}

StreamEngine::End StreamEngine::on_cut() const {
  if (phase_ == Phase::kEnded) return on_end();
  return broken("the upstream broke the connection before its answer was complete", 502);
}

StreamEngine::End StreamEngine::on_stall() const {
  if (phase_ == Phase::kEnded) return on_end();
  return broken("the upstream has been silent for too long", 504);
}

StreamEngine::End StreamEngine::on_client_gone() const {
  if (phase_ == Phase::kEnded) return on_end();
  return {v1::OUTCOME_CLIENT_GONE, {}, 0};
}

StreamEngine::End StreamEngine::on_gateway_end() const {
  if (phase_ == Phase::kEnded) return on_end();
  return {v1::OUTCOME_GATEWAY_ENDED, "the gateway is restarting; send the request again", 529};
}

StreamEngine::End StreamEngine::on_money_used_up() const {
  if (phase_ == Phase::kEnded) return on_end();
  return {v1::OUTCOME_GATEWAY_ENDED, "your balance or budget is used up; the answer stops here", 402};
}

}  // namespace sluice::request
