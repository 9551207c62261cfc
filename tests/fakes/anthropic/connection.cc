#include "tests/fakes/anthropic/connection.h"

#include <algorithm>
#include <utility>

#include "tests/fakes/anthropic/replies.h"

namespace sluice::fakes {

Connection::Connection(int fd, SSL_CTX* tls, Responder& responder, Books& books)
    : transport_(fd, tls), responder_(responder), books_(books) {
  books_.connection(+1);
}

Connection::~Connection() {
  if (playing_) books_.ended(script_, Ending::kPeerLeft, deltas_);
  books_.connection(-1);
}

bool Connection::on_readable(std::uint64_t now) {
  char buffer[64 * 1024];
  while (true) {
    std::size_t got = 0;
    const Transport::Result result = transport_.read(buffer, sizeof buffer, got);
    if (result == Transport::Result::kEnd) return false;
    if (result == Transport::Result::kLater) break;
    in_.append(buffer, got);
    if (got < sizeof buffer && !transport_.tls()) break;
    if (in_.size() > 2 * kMaxRequestBytes) return false;
  }
  return playing_ || advance(now);
}

bool Connection::on_writable(std::uint64_t now) {
  return flush() && advance(now);
}

bool Connection::on_due(std::uint64_t now) {
  if (!waiting_ || now < due_) return true;
  waiting_ = false;
  return advance(now);
}

// Plays the script, then takes the next request, until something must be waited for.
bool Connection::advance(std::uint64_t now) {
  while (true) {
    if (!playing_) {
      bool started = false;
      if (!start_request(now, started)) return false;
      if (!started) return flush();
    }
    queue_steps(now);
    if (!flush()) return false;
    if (waiting_ || wants_write()) return true;
    if (step_ < script_.steps().size() || script_.repeat_from()) continue;
    if (script_.end == End::kHold) return true;
    if (!finish_script()) return false;
  }
}

bool Connection::start_request(std::uint64_t now, bool& started) {
  if (in_.empty()) return true;
  const ParseState state = parse_request(in_, request_);
  if (state == ParseState::kNeedMore) {
    if (request_.expects_continue && !std::exchange(continue_sent_, true)) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    return true;
  }
  started = playing_ = true;
  continue_sent_ = false;
  step_ = deltas_ = 0;
  due_ = now;
  if (state == ParseState::kBad) {
    script_ = page(400, R"({"error":"not an HTTP/1.1 request"})");
    keep_alive_ = false;
    return true;
  }
  script_ = responder_.respond(request_);
  keep_alive_ = request_.keep_alive;
  in_.erase(0, request_.size);
  return true;
}

// Moves every step that is due to the output; a paced step is written by itself.
void Connection::queue_steps(std::uint64_t now) {
  const auto& steps = script_.steps();
  while (step_ < steps.size() || script_.repeat_from()) {
    if (step_ == steps.size()) step_ = *script_.repeat_from();
    const Script::Step& step = steps[step_];
    if (step.delay_ms > 0 && !std::exchange(delay_counted_, true)) {
      due_ = std::max(due_ + step.delay_ms, now);
      waiting_ = due_ > now;
      if (waiting_) return;
    }
    if (step.delay_ms > 0 && !out_.empty()) return;
    out_ += step.bytes;
    deltas_ += step.deltas;
    delay_counted_ = false;
    ++step_;
  }
}

bool Connection::flush() {
  while (sent_ < out_.size()) {
    std::size_t written = 0;
    const Transport::Result result = transport_.write(out_.data() + sent_, out_.size() - sent_, written);
    if (result == Transport::Result::kEnd) return false;
    if (result == Transport::Result::kLater) return true;
    sent_ += written;
  }
  out_.clear();
  sent_ = 0;
  return true;
}

bool Connection::finish_script() {
  playing_ = false;
  books_.ended(script_, script_.complete ? Ending::kCompleted : Ending::kInterrupted, deltas_);
  if (script_.end == End::kReset) transport_.reset_on_close();
  return script_.end == End::kNext && keep_alive_;
}

}  // namespace sluice::fakes
