#include "dataplane/request/exchange.h"

#include "dataplane/protocol/anthropic/messages.h"

namespace sluice::request {

namespace {

using std::chrono::milliseconds;

// The protocol of requests that no route matched: their errors need some shape too.
const protocol::Protocol& default_protocol() {
  static const protocol::anthropic::Messages messages;
  return messages;
}

SteadyTime limit_from(SteadyTime start, std::uint32_t ms, SteadyTime otherwise) {
  return ms == 0 ? otherwise : std::min(otherwise, start + milliseconds(ms));
}

}  // namespace

Exchange::Exchange(Services& services_, http::ServerConnection& client_)
    : services(services_),
      client(client_),
      snapshot(services_.snapshots.current()),
      arrived(services_.clock.now()),
      started(services_.clock.steady()),
      deadline(started + services_.settings.total),
      commit_deadline(limit_from(started, snapshot->settings().failover().deadline_ms(), deadline)),
      id(Uuid::generate(arrived)),
      id_text(id.to_string()),
      protocol(&default_protocol()),
      answer(services_.worker, client_, id_text) {}

Exchange::~Exchange() {
  if (permit.holds_account()) services.chooser.loads().released(candidate.account->id, services.clock.steady());
  client.stream().stop_watching();
}

void Exchange::on_client_gone() {
  client_gone = true;
  permit.leave_queues();
  if (!drains_when_client_leaves()) upstream_cancel.cancel();
}

void Exchange::on_gateway_end() {
  ended_by_gateway = true;
  permit.leave_queues();
  upstream_cancel.cancel();
}

io::Task<> Exchange::commit() {
  co_await answer.quiet();
  if (answer.broken()) client_gone = true;
  std::string().swap(body);
  body_room.give_back();
}

bool Exchange::drains_when_client_leaves() const {
  return event != nullptr && caller.group->interruption_policy == config::v1::INTERRUPTION_POLICY_DRAIN;
}

SteadyTime Exchange::first_content_deadline() const {
  return limit_from(attempt_started, snapshot->settings().failover().first_content_ms(), commit_deadline);
}

milliseconds Exchange::keepalive_period() const {
  const std::uint32_t configured = snapshot->settings().keepalive_seconds();
  return configured != 0 ? std::chrono::seconds(configured) : services.settings.keepalive;
}

}  // namespace sluice::request
