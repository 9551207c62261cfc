#include "controlplane/publish/node_stream.h"

#include "common/observe/log.h"
#include "common/resource/limits.h"

namespace sluice::publish {

namespace {

constexpr std::uint32_t kWireRevision = 1;

grpc::Status status_of(const Error& error) {
  const auto code =
      error.code == ErrorCode::kAlreadyExists ? grpc::StatusCode::ALREADY_EXISTS : grpc::StatusCode::UNAVAILABLE;
  return {code, error.message};
}

grpc::Status invalid(const char* why) {
  return {grpc::StatusCode::INVALID_ARGUMENT, why};
}

}  // namespace

void NodeStream::start(Fleet::SessionId session) {
  session_ = session;
  StartSendInitialMetadata();
  StartRead(&incoming_);
}

void NodeStream::OnReadDone(bool ok) {
  if (!ok) return end(grpc::Status::OK);
  const grpc::Status handled = handle(incoming_);
  if (!handled.ok()) return end(handled);
  incoming_.Clear();
  StartRead(&incoming_);
  pump();
}

grpc::Status NodeStream::handle(const config::v1::SubscribeRequest& message) {
  const SteadyTime now = service_.clock_.steady();
  if (message.has_hello()) return on_hello(message.hello());
  if (node_id_.empty()) return invalid("the first message must be a hello");
  if (message.has_ack()) {
    service_.with_fleet([&](Fleet& fleet) { fleet.on_ack(session_, message.ack(), now); });
  } else if (message.has_status()) {
    service_.with_fleet([&](Fleet& fleet) { fleet.on_status(session_, message.status(), now); });
  } else if (message.has_credential_report()) {
    const config::v1::CredentialReport& report = message.credential_report();
    observe::log(observe::Level::kWarn, "credential_refused_upstream",
                 {{"node_id", node_id_},
                  {"account_id", report.account_id()},
                  {"revision", report.revision()},
                  {"status", report.upstream_status()}});
    if (service_.options_.on_credential_report) service_.options_.on_credential_report(node_id_, report);
  } else if (message.has_account_health()) {
    if (service_.options_.on_account_health) service_.options_.on_account_health(node_id_, message.account_health());
  } else if (message.has_decision()) {
    service_.decisions_.answer(message.decision().query_id(), node_id_, message.decision().record());
  }
  return grpc::Status::OK;
}

grpc::Status NodeStream::on_hello(const config::v1::Hello& hello) {
  if (!node_id_.empty()) return invalid("hello was said already");
  if (hello.node_id().empty() || hello.node_id().size() > resource::kMaxNameBytes || hello.boot_id().empty() ||
      hello.boot_id().size() > resource::kMaxNameBytes) {
    return invalid("node_id and boot_id must have 1 to 200 bytes");
  }
  if (hello.wire_revision() < kWireRevision) return invalid("the node speaks an older protocol than is supported");
  if (const Result<> own = enrolment::check_node(identity_, hello.node_id()); !own) {
    observe::log(observe::Level::kWarn, "node_refused",
                 {{"node_id", hello.node_id()}, {"reason", own.error().message}});
    return enrolment::to_node_status(own.error());
  }
  const SteadyTime now = service_.clock_.steady();
  const Result<Fleet::SessionId> replaced =
      service_.with_fleet([&](Fleet& fleet) { return fleet.open(session_, hello, now); });
  if (!replaced) {
    observe::log(observe::Level::kWarn, "node_refused",
                 {{"node_id", hello.node_id()}, {"reason", replaced.error().message}});
    return status_of(replaced.error());
  }
  node_id_ = hello.node_id();
  observe::log(observe::Level::kInfo, "node_connected",
               {{"node_id", node_id_}, {"build", hello.build()}, {"version", hello.have().number()}});
  if (*replaced != 0) service_.end_session(*replaced, {grpc::StatusCode::ABORTED, "replaced by a newer stream"});
  return grpc::Status::OK;
}

void NodeStream::pump() {
  const std::lock_guard lock(mutex_);
  if (writing_ || ended_) return;
  std::optional<config::v1::SubscribeResponse> next;
  {
    const std::lock_guard fleet_lock(service_.mutex_);
    next = service_.fleet_.next_message(session_, service_.clock_.steady());
  }
  if (!next) return;
  outgoing_ = std::move(*next);
  writing_ = true;
  StartWrite(&outgoing_);
}

void NodeStream::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
  }
  if (ok) pump();
}

void NodeStream::end(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  Finish(status);
}

void NodeStream::OnCancel() {
  end({grpc::StatusCode::CANCELLED, "cancelled"});
}

void NodeStream::OnDone() {
  if (!node_id_.empty()) observe::log(observe::Level::kInfo, "node_disconnected", {{"node_id", node_id_}});
  service_.remove(session_);  // the last owner: nothing may follow
}

}  // namespace sluice::publish
