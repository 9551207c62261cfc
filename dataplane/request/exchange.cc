#include "dataplane/request/exchange.h"

#include "dataplane/protocol/anthropic/messages.h"

namespace sluice::request {

namespace {

// The protocol of requests that no route matched: their errors need some shape too.
const protocol::Protocol& default_protocol() {
  static const protocol::anthropic::Messages messages;
  return messages;
}

}  // namespace

Exchange::Exchange(Services& services_, http::ServerConnection& client_)
    : services(services_),
      client(client_),
      snapshot(services_.snapshots.current()),
      arrived(services_.clock.now()),
      deadline(services_.clock.steady() + services_.settings.total),
      id(Uuid::generate(arrived)),
      id_text(id.to_string()),
      protocol(&default_protocol()) {}

Exchange::~Exchange() {
  client.stream().stop_watching();
}

}  // namespace sluice::request
