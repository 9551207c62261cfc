#include "dataplane/request/stream_state.h"

namespace sluice::request {

namespace v1 = sluice::usage::v1;

StreamState::Step StreamState::push(std::string_view bytes) {
  Step step;
  step.forward = splitter_.push(bytes);
  const protocol::Signals signals = reader_->read_events(step.forward);
  content_ = content_ || signals.content;
  error_ = error_ || signals.error;
  step.terminal = !terminal_ && (signals.terminal || signals.error);
  terminal_ = terminal_ || signals.terminal || signals.error;
  step.usage = signals.usage;
  known_ = known_ || signals.known;
  step.garbage = signals.foreign && !known_;
  return step;
}

StreamState::End StreamState::broken(std::string_view why, unsigned status) const {
  // What was relayed is billed, an answer without any content is not.
  return {content_ ? v1::OUTCOME_UPSTREAM_CUT : v1::OUTCOME_UPSTREAM_ERROR, why, status};
}

StreamState::End StreamState::on_end() const {
  if (error_) return broken({}, 0);  // the upstream's own error event has told the client
  if (terminal_) return {v1::OUTCOME_COMPLETE, {}, 0};
  return broken("the upstream ended its answer before it was complete", 502);
}

StreamState::End StreamState::on_cut() const {
  if (terminal_) return on_end();
  return broken("the upstream broke the connection before its answer was complete", 502);
}

StreamState::End StreamState::on_stall() const {
  if (terminal_) return on_end();
  return broken("the upstream has been silent for too long", 504);
}

StreamState::End StreamState::on_garbage() const {
  return broken("the upstream's answer is no event stream of this protocol", 502);
}

StreamState::End StreamState::on_client_gone() const {
  if (terminal_) return on_end();
  return {v1::OUTCOME_CLIENT_GONE, {}, 0};
}

StreamState::End StreamState::on_gateway_end() const {
  if (terminal_) return on_end();
  return {v1::OUTCOME_GATEWAY_ENDED, "the gateway is restarting; send the request again", 529};
}

}  // namespace sluice::request
