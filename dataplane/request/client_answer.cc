#include "dataplane/request/client_answer.h"

#include <array>

namespace sluice::request {

void ClientAnswer::keep_alive(const protocol::Protocol& protocol, std::chrono::milliseconds first,
                              std::chrono::milliseconds period) {
  protocol_ = &protocol;
  period_ = period;
  worker_.timers().set(*this, worker_.clock().steady() + first);
}

io::Task<> ClientAnswer::quiet() {
  protocol_ = nullptr;
  worker_.timers().clear(*this);
  while (writing_)
    (void)co_await written_->wait_until(SteadyTime::max());
}

void ClientAnswer::on_deadline() {
  if (protocol_ == nullptr || writing_ || broken_) return;
  writing_ = true;
  if (!written_) written_.emplace(worker_);
  written_->reset();
  worker_.spawn_background(send_keepalive(this));
}

// Whoever destroys the answer has waited in quiet() until this has ended.
io::Task<> ClientAnswer::send_keepalive(ClientAnswer* self) {
  const std::string_view event = self->protocol_->keepalive_event();
  Result<> sent;
  if (self->client_.answer_started()) {
    sent = co_await self->client_.write_chunk(event);
  } else {
    const std::array<http::Field, 4> fields{{{"content-type", "text/event-stream; charset=utf-8"},
                                             {"x-sluice-request-id", self->request_id_},
                                             {"cache-control", "no-cache"},
                                             {"x-accel-buffering", "no"}}};
    sent = co_await self->client_.start_stream(200, fields, event);
  }
  self->broken_ = !sent;
  if (sent && self->protocol_ != nullptr) {
    self->worker_.timers().set(*self, self->worker_.clock().steady() + self->period_);
  }
  self->writing_ = false;
  self->written_->set();
}

io::Task<Result<>> ClientAnswer::start_stream(unsigned status, std::span<const http::Field> fields,
                                              std::string_view first) {
  if (client_.answer_started()) {
    Result<> sent = co_await client_.write_chunk(first);
    co_return sent;
  }
  Result<> sent = co_await client_.start_stream(status, fields, first);
  co_return sent;
}

}  // namespace sluice::request
