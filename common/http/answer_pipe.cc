#include "common/http/answer_pipe.h"

#include <utility>

namespace sluice::http {

AnswerPipe::Put AnswerPipe::put(std::string_view piece) {
  std::function<void()> wake;
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    if (left_ || ended_) return Put::kGone;
    if (text_.empty()) wake = wake_;
    text_ += piece;
    full = waiting_ = text_.size() >= bound_;
  }
  if (wake) wake();
  return full ? Put::kFull : Put::kTaken;
}

void AnswerPipe::end() {
  std::function<void()> wake;
  Producer done;
  {
    const std::scoped_lock lock(mutex_);
    if (left_ || ended_) return;
    ended_ = true;
    wake = std::exchange(wake_, nullptr);
    done = std::exchange(producer_, {});  // destroyed without the lock: it may hold the last reference to its owner
  }
  if (wake) wake();
}

AnswerPipe::Taken AnswerPipe::take() {
  Taken taken;
  std::function<void()> more;
  {
    const std::scoped_lock lock(mutex_);
    taken = {.text = std::exchange(text_, {}), .over = ended_ || left_};
    if (std::exchange(waiting_, false)) more = producer_.more;
  }
  if (more) more();
  return taken;
}

void AnswerPipe::attach(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

void AnswerPipe::leave() {
  std::function<void()> wake;
  Producer producer;
  bool waiting = false;
  {
    const std::scoped_lock lock(mutex_);
    if (left_ || ended_) return;
    left_ = true;
    text_.clear();
    waiting = std::exchange(waiting_, false);
    wake = std::exchange(wake_, nullptr);
    producer = std::exchange(producer_, {});
  }
  if (producer.gone) producer.gone();
  if (waiting && producer.more) producer.more();
  if (wake) wake();
}

bool AnswerPipe::left() const {
  const std::scoped_lock lock(mutex_);
  return left_;
}

}  // namespace sluice::http
