#include "dataplane/request/serve.h"

#include "dataplane/request/admit.h"
#include "dataplane/request/authenticate.h"
#include "dataplane/request/exchange.h"
#include "dataplane/request/forward.h"
#include "dataplane/request/local_reply.h"
#include "dataplane/request/models.h"
#include "dataplane/request/read_call.h"
#include "dataplane/request/reply.h"
#include "dataplane/request/route.h"
#include "dataplane/request/sessions.h"

namespace sluice::request {

namespace {

// accept -> read head -> framing checks -> route -> authenticate -> read body -> read call -> price -> forward.
// What comes before forward() decides without I/O, except reading the body.
io::Task<Step> run(Exchange& exchange) {
  if (Step step = route(exchange); !step) co_return step;
  if (Step step = authenticate(exchange); !step) co_return step;
  exchange.services.metrics.requests.Increment();
  if (exchange.endpoint == Endpoint::kModels) {
    co_await reply_models(exchange);
    co_return Step{};
  }
  Step read = co_await read_call(exchange);
  if (!read) co_return read;
  if (const config::v1::LocalReply* rule = find_local_reply(exchange)) {
    co_await reply_locally(exchange, *rule);
    co_return Step{};
  }
  if (Step step = find_price(exchange); !step) co_return step;
  co_await forward(exchange);
  co_return Step{};
}

}  // namespace

io::Task<> serve(Services& services, io::Stream stream) {
  http::ServerConnection client(services.worker, std::move(stream), services.settings.server);
  Session session(services.sessions, client);
  for (;;) {
    // After a last answer this closes, without losing the answer to a reset.
    const http::ServerConnection::Next next = co_await client.next_request();
    if (next == http::ServerConnection::Next::kClosed) co_return;

    Exchange exchange(services, client);
    session.begin(exchange);
    if (next == http::ServerConnection::Next::kRefused) {
      co_await reply_refusal(exchange);
    } else {
      const Step step = co_await run(exchange);
      if (!step) co_await reply_error(exchange, step.error());
    }
    session.end();
  }
}

}  // namespace sluice::request
