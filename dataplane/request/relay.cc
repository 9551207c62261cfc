#include "dataplane/request/relay.h"

#include "common/observe/log.h"
#include "dataplane/request/answer_head.h"
#include "dataplane/request/cancel_scope.h"
#include "dataplane/request/relay_stream.h"
#include "dataplane/request/settle.h"

namespace sluice::request {

namespace {

namespace v1 = sluice::usage::v1;

std::unexpected<protocol::ApiError> failed(unsigned status, std::string message) {
  return std::unexpected(protocol::ApiError{.status = status, .message = std::move(message), .retry_after = 1});
}

// The upstream refused the operator's credential, which is none of the client's business and not to be retried as is.
Step account_refused(Exchange& exchange, unsigned status) {
  settle(exchange, v1::OUTCOME_UPSTREAM_ERROR, nullptr);
  observe::log(observe::Level::kError, "account_refused",
               {{"request_id", exchange.id_text},
                {"account_id", exchange.candidate.account->id},
                {"status", std::to_string(status)}});
  return failed(502, "the upstream refused the account that serves this model; the operator must renew it");
}

io::Task<Result<std::string>> whole_body(Exchange& exchange, http::ClientResponse& answer) {
  const CancelScope cancellable(exchange.upstream_cancel, answer);
  Result<std::string> body =
      co_await answer.read_whole_body(exchange.services.settings.max_answer_bytes, exchange.deadline);
  co_return body;
}

// An error of the upstream in the protocol's own shape goes through as it came; anything else (an HTML page, nothing)
// is put into that shape.
io::Task<Step> relay_error(Exchange& exchange, http::ClientResponse answer) {
  const unsigned status = answer.head().status;
  const AnswerHead head = answer_head(exchange, answer.head());
  Result<std::string> body = co_await whole_body(exchange, answer);
  settle(exchange, v1::OUTCOME_UPSTREAM_ERROR, nullptr);
  if (!body || !is_error_object(*body)) {
    protocol::ApiError error{.status = status, .message = "the upstream answered with an error and no explanation"};
    error.retry_after = status == 429 || status >= 500 ? std::optional<unsigned>(1) : std::nullopt;
    co_return std::unexpected(std::move(error));
  }
  exchange.client.stream().stop_watching();
  const Result<> sent = co_await exchange.client.respond(status, head.fields, *body);
  (void)sent;  // the client left: nothing more to do for it
  co_return Step{};
}

// A whole answer is billed before its first byte goes out.
io::Task<Step> relay_whole(Exchange& exchange, http::ClientResponse answer) {
  const unsigned status = answer.head().status;
  const AnswerHead head = answer_head(exchange, answer.head());
  Result<std::string> body = co_await whole_body(exchange, answer);
  const std::unique_ptr<protocol::AnswerReader> reader = exchange.protocol->open_answer();
  if (!body) {
    settle(exchange, exchange.client_gone ? v1::OUTCOME_CLIENT_GONE : v1::OUTCOME_UPSTREAM_ERROR, nullptr);
    co_return failed(502, "the upstream broke off its answer");
  }
  if (const Result<> read = reader->read_body(*body); !read) {
    settle(exchange, v1::OUTCOME_UPSTREAM_ERROR, nullptr);
    co_return failed(502, read.error().message);
  }
  note_first_byte(exchange);
  settle(exchange, v1::OUTCOME_COMPLETE, &reader->usage());
  exchange.client.stream().stop_watching();
  const Result<> sent = co_await exchange.client.respond(status, head.fields, *body);
  (void)sent;  // billed either way: the answer was there
  co_return Step{};
}

}  // namespace

io::Task<Step> relay(Exchange& exchange, http::ClientResponse answer) {
  const http::ResponseHead& head = answer.head();
  if (exchange.provider->judge(head) == provider::Verdict::kAccountRefused) {
    co_return account_refused(exchange, head.status);
  }
  if (http::find(head.fields, "content-encoding").value_or("identity") != "identity") {
    settle(exchange, v1::OUTCOME_UPSTREAM_ERROR, nullptr);
    co_return failed(502, "the upstream answered in an encoding that was not asked for");
  }
  if (head.status < 200 || head.status > 299) {
    Step step = co_await relay_error(exchange, std::move(answer));
    co_return step;
  }
  if (is_event_stream(head)) {
    Step step = co_await relay_stream(exchange, std::move(answer));
    co_return step;
  }
  if (exchange.call.stream) {
    settle(exchange, v1::OUTCOME_UPSTREAM_ERROR, nullptr);
    co_return failed(502, "the upstream did not answer with an event stream");
  }
  Step step = co_await relay_whole(exchange, std::move(answer));
  co_return step;
}

}  // namespace sluice::request
