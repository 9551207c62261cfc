// Replies that come from any thread at any time, and answers that go on.
#include <utility>

#include "common/http/message_server_state.h"

namespace sluice::http {

void MessageServer::State::keep_pipe(const std::shared_ptr<AnswerPipe>& pipe) {
  const std::scoped_lock lock(mutex);
  std::erase_if(pipes, [](const std::weak_ptr<AnswerPipe>& old) { return old.expired(); });
  pipes.push_back(pipe);
}

void MessageServer::State::leave_pipes() {
  std::vector<std::weak_ptr<AnswerPipe>> all;
  {
    const std::scoped_lock lock(mutex);
    all.swap(pipes);
  }
  for (const std::weak_ptr<AnswerPipe>& weak : all) {
    if (const std::shared_ptr<AnswerPipe> pipe = weak.lock()) pipe->leave();
  }
}

bool MessageServer::State::post(std::function<void()> work) {
  const std::scoped_lock lock(mutex);
  if (!closed) worker.post(std::move(work));
  return !closed;
}

MessageServer::Reply MessageServer::State::reply_to(const std::shared_ptr<State>& self,
                                                    const std::shared_ptr<Waiting>& waiting) {
  return [weak_self = std::weak_ptr(self), weak = std::weak_ptr(waiting)](WholeAnswer answer) {
    const std::shared_ptr<AnswerPipe> pipe = answer.pipe;
    const std::shared_ptr<State> state = weak_self.lock();
    // Known before it is posted: whatever becomes of the session, the end of the server reaches the producer.
    if (state && pipe) state->keep_pipe(pipe);
    const bool posted = state && state->post([weak, answer = std::move(answer)]() mutable {
      const std::shared_ptr<Waiting> held = weak.lock();
      if (held && !held->answer) {
        held->answer = std::move(answer);
        held->answered.set();
      } else if (answer.pipe) {
        answer.pipe->leave();
      }
    });
    if (!posted && pipe) pipe->leave();
  };
}

io::Task<Result<>> MessageServer::State::stream_answer(std::shared_ptr<State> self, ServerConnection& client,
                                                       const WholeAnswer& answer, std::span<const Field> fields) {
  const auto wake = std::make_shared<io::Event>(self->worker);
  answer.pipe->attach([weak_self = std::weak_ptr(self), weak = std::weak_ptr(wake)] {
    const std::shared_ptr<State> state = weak_self.lock();
    if (!state) return;
    state->post([weak] {
      if (const std::shared_ptr<io::Event> event = weak.lock()) event->set();
    });
  });
  if (self->stopping) answer.pipe->leave();
  Result<> sent = co_await client.start_stream(answer.status, fields, answer.body);
  if (sent) {
    sent = co_await pump(self->worker, client, *answer.pipe, *wake, self->options.pump);
  } else {
    answer.pipe->leave();
  }
  if (self->stopping) client.close_after_answer();
  co_return sent;
}

}  // namespace sluice::http
