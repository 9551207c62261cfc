#include "dataplane/request/reply.h"

#include <array>

namespace sluice::request {

io::Task<> reply_error(Exchange& exchange, protocol::ApiError error) {
  exchange.services.metrics.refusal(error.status);
  exchange.answer_status = error.status;
  co_await exchange.answer.quiet();
  exchange.client.stream().stop_watching();
  if (exchange.answer.started()) {
    // Keepalives went out: the error is an event of the stream they started.
    const Result<> ended = co_await exchange.answer.end(exchange.protocol->error_event(error, exchange.id_text));
    if (!ended) exchange.client.stream().abort();
    co_return;
  }
  const std::string body = exchange.protocol->error_body(error, exchange.id_text);
  const std::string retry_after = error.retry_after ? std::to_string(*error.retry_after) : std::string();
  std::array<http::Field, 5> fields{
      {{"content-type", "application/json"},
       {"request-id", exchange.id_text},
       {"x-sluice-request-id", exchange.id_text},
       error.retry_after ? http::Field{"retry-after", retry_after} : http::Field{"x-should-retry", "false"},
       {"allow", exchange.allowed_method}}};
  const std::size_t count = error.status == 405 ? fields.size() : fields.size() - 1;
  const Result<> sent = co_await exchange.client.respond(error.status, std::span(fields.data(), count), body);
  (void)sent;  // a client that left needs no answer
}

io::Task<> reply_refusal(Exchange& exchange) {
  const http::Refusal& refusal = exchange.client.refusal();
  exchange.client.close_after_answer();
  co_await reply_error(exchange, {.status = refusal.status, .message = refusal.message});
}

}  // namespace sluice::request
