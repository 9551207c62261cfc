#include "dataplane/request/relay.h"

#include "common/observe/log.h"
#include "dataplane/request/cancel_scope.h"
#include "dataplane/request/learn.h"
#include "dataplane/request/relay_stream.h"
#include "dataplane/request/settle.h"
#include "dataplane/request/upstream_body.h"

namespace sluice::request {

namespace {

namespace v1 = sluice::usage::v1;

Failure failed(Failure::Kind kind, unsigned upstream_status, unsigned status, std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.upstream_status = upstream_status;
  failure.elsewhere = true;
  failure.error = {.status = status, .message = std::move(message), .retry_after = 1};
  return failure;
}

io::Task<Result<std::string>> whole_body(Exchange& exchange, UpstreamBody& body) {
  const CancelScope cancellable(exchange.upstream_cancel, body.answer());
  Result<std::string> whole =
      co_await body.read_whole(exchange.services.settings.max_answer_bytes, exchange.services.clock,
                               exchange.services.settings.stream_idle, exchange.deadline);
  co_return whole;
}

// The upstream refused the operator's credential: the client learns only that this account cannot serve it.
protocol::ApiError account_refused(const Exchange& exchange, unsigned status) {
  observe::log(observe::Level::kError, "account_refused",
               {{"request_id", exchange.id_text},
                {"account_id", exchange.candidate.account->id},
                {"status", std::to_string(status)}});
  return {.status = 502,
          .message = "the upstream refused the account that serves this model; the operator must renew it",
          .retry_after = 1};
}

// An error of the upstream in the protocol's own shape can be passed on as it came; anything else (an HTML page,
// nothing) is put into that shape.
io::Task<std::optional<Failure>> read_error(Exchange& exchange, UpstreamBody& upstream) {
  const unsigned status = upstream.answer().head().status;
  KeptAnswer kept{.status = status, .head = answer_head(exchange, upstream.answer().head()), .body = {}, .usage = {}};
  Result<std::string> body = co_await whole_body(exchange, upstream);
  Failure failure =
      failed(Failure::Kind::kStatus, status, status, "the upstream answered with an error and no explanation");
  const bool by_rule =
      learn_from_error(exchange, upstream.answer().head(), body ? std::string_view(*body) : std::string_view());
  failure.elsewhere = may_differ_elsewhere(status) || by_rule;
  if (!failure.elsewhere) failure.error.retry_after.reset();
  if (refuses_account(status)) {
    failure.error = account_refused(exchange, status);
  } else if (body && exchange.protocol->read_error(*body, status)) {
    kept.body = std::move(*body);
    failure.answer = std::make_unique<KeptAnswer>(std::move(kept));
  }
  co_return failure;
}

Failure in_band(Exchange& exchange, const protocol::UpstreamError& error) {
  learn_from_error_event(exchange, error);
  Failure failure = failed(Failure::Kind::kErrorEvent, 200, error.status, error.message);
  failure.error.type = error.type;
  failure.elsewhere = may_differ_elsewhere(error.status);
  if (!failure.elsewhere) failure.error.retry_after.reset();
  return failure;
}

// A whole answer is billed before its first byte goes out.
io::Task<std::optional<Failure>> relay_whole(Exchange& exchange, UpstreamBody& upstream) {
  const unsigned status = upstream.answer().head().status;
  KeptAnswer kept{.status = status, .head = answer_head(exchange, upstream.answer().head()), .body = {}, .usage = {}};
  Result<std::string> body = co_await whole_body(exchange, upstream);
  if (exchange.client_gone && !body) co_return failed(Failure::Kind::kClientGone, status, 499, "the client left");
  if (!body) {
    const bool late = body.error().code == ErrorCode::kDeadlineExceeded;
    co_return failed(late ? Failure::Kind::kTimeout : Failure::Kind::kCut, status, late ? 504 : 502,
                     "the upstream broke off its answer");
  }
  kept.body = std::move(*body);
  const std::unique_ptr<protocol::AnswerReader> reader = exchange.protocol->open_answer();
  const Result<protocol::AnswerReader::Body> read = reader->read_body(kept.body);
  if (!read) co_return failed(Failure::Kind::kGarbage, status, 502, read.error().message);
  kept.usage = reader->usage();
  if (!read->content) {
    // Some upstreams say "200" and report an error in the body.
    if (const auto error = exchange.protocol->read_error(kept.body, 0)) co_return in_band(exchange, *error);
  }
  if (!read->content) {
    Failure failure = failed(Failure::Kind::kEmpty, status, 502, "the upstream's answer is empty");
    failure.answer = std::make_unique<KeptAnswer>(std::move(kept));
    co_return failure;
  }
  learn_success(exchange, upstream.answer().head());
  co_await relay_kept(exchange, std::move(kept));
  co_return std::nullopt;
}

}  // namespace

io::Task<std::optional<Failure>> relay(Exchange& exchange, http::ClientResponse answer) {
  const unsigned status = answer.head().status;
  Result<UpstreamBody> body = UpstreamBody::open(std::move(answer));
  if (!body) co_return failed(Failure::Kind::kGarbage, status, 502, body.error().message);
  const bool stream = is_event_stream(body->answer().head());
  std::optional<Failure> failure;
  if (status < 200 || status > 299) {
    failure = co_await read_error(exchange, *body);
  } else if (stream && exchange.call.stream) {
    failure = co_await relay_stream(exchange, std::move(*body));
  } else if (stream || exchange.call.stream) {
    failure = failed(Failure::Kind::kGarbage, status, 502,
                     stream ? "the upstream answered with an event stream that was not asked for"
                            : "the upstream did not answer with an event stream");
  } else {
    failure = co_await relay_whole(exchange, *body);
  }
  if (failure) failure->upstream_status = status;
  co_return failure;
}

io::Task<> relay_kept(Exchange& exchange, KeptAnswer answer) {
  exchange.answer_status = answer.status;
  const bool good = answer.status >= 200 && answer.status < 300;
  if (good) note_first_byte(exchange);
  settle(exchange, good ? v1::OUTCOME_COMPLETE : v1::OUTCOME_UPSTREAM_ERROR, good ? &answer.usage : nullptr);
  co_await exchange.answer.quiet();
  exchange.client.stream().stop_watching();
  Result<> sent;
  if (exchange.answer.started() || answer.stream) {
    if (!exchange.answer.started()) sent = co_await exchange.answer.start_stream(answer.status, answer.head.fields, {});
    std::string last = std::move(answer.body);
    if (!answer.stream) {
      const auto error = exchange.protocol->read_error(last, answer.status).value_or(protocol::UpstreamError{});
      last = exchange.protocol->error_event({.status = answer.status, .type = error.type, .message = error.message},
                                            exchange.id_text);
    }
    if (sent) sent = co_await exchange.answer.end(last);
  } else {
    sent = co_await exchange.client.respond(answer.status, answer.head.fields, answer.body);
  }
  (void)sent;  // billed either way: the answer was there
}

}  // namespace sluice::request
