#include "controlplane/billing/usage_service.h"

#include "common/crypto/digest.h"
#include "common/observe/log.h"

namespace sluice::billing {

// Makes a stream known to end_streams() for as long as its context lives.
class UsageServiceImpl::Stream {
 public:
  Stream(UsageServiceImpl& service, grpc::ServerContext& context,
         const std::optional<enrolment::NodeIdentity>& identity)
      : service_(service), context_(context) {
    const std::lock_guard lock(service_.mutex_);
    admitted_ = !service_.stopping_;
    if (admitted_) service_.streams_.emplace(&context_, identity);
  }
  ~Stream() {
    const std::lock_guard lock(service_.mutex_);
    service_.streams_.erase(&context_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] bool admitted() const { return admitted_; }

 private:
  UsageServiceImpl& service_;
  grpc::ServerContext& context_;
  bool admitted_ = false;
};

void UsageServiceImpl::end_streams() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [context, identity] : streams_)
    context->TryCancel();
}

void UsageServiceImpl::end_unwelcome() {
  if (gate_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [context, identity] : streams_) {
    if (identity && !gate_->check(*identity)) context->TryCancel();
  }
}

// By certificate over TLS, by the node token on this machine.
Result<std::optional<enrolment::NodeIdentity>> UsageServiceImpl::admit(const grpc::ServerContext& context) const {
  if (gate_ != nullptr) {
    auto identity = gate_->admit(*context.auth_context());
    if (!identity || *identity) return identity;
  }
  if (!knows_token(context)) return fail(ErrorCode::kUnauthenticated, "unknown node token");
  return std::nullopt;
}

bool UsageServiceImpl::knows_token(const grpc::ServerContext& context) const {
  constexpr std::string_view kScheme = "Bearer ";
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return false;
  const std::string_view value(found->second.data(), found->second.size());
  return value.starts_with(kScheme) && !node_token_.empty() &&
         crypto::constant_time_equal(value.substr(kScheme.size()), node_token_.reveal());
}

grpc::Status UsageServiceImpl::Report(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<usage::v1::ReportResponse, usage::v1::ReportRequest>* stream) {
  const auto identity = admit(*context);
  if (!identity) return enrolment::to_node_status(identity.error());
  const Stream known(*this, *context, *identity);
  if (!known.admitted()) return {grpc::StatusCode::UNAVAILABLE, "the control plane is stopping"};
  usage::v1::ReportRequest request;
  while (stream->Read(&request)) {
    if (const Result<> own = enrolment::check_node(*identity, request.node_id()); !own) {
      observe::log(observe::Level::kWarn, "usage_refused",
                   {{"node", request.node_id()}, {"cause", own.error().message}});
      return enrolment::to_node_status(own.error());
    }
    const Result<BatchResult> stored = ingest_.store(request.node_id(), request.events());
    if (!stored) {
      observe::log(observe::Level::kError, "usage_not_stored",
                   {{"node", request.node_id()}, {"cause", stored.error().message}});
      return {grpc::StatusCode::UNAVAILABLE, "usage cannot be stored at present"};
    }
    // Best effort: no event waits for them.
    if (const Result<> kept = decisions_.store(request.node_id(), request.decisions()); !kept) {
      observe::log(observe::Level::kWarn, "decisions_not_stored",
                   {{"node", request.node_id()}, {"cause", kept.error().message}});
    }
    usage::v1::ReportResponse response;
    response.set_batch(request.batch());
    response.set_duplicates(stored->duplicates);
    response.set_quarantined(stored->quarantined);
    for (const auto& [id, value] : stored->purses) {
      usage::v1::PurseState& state = *response.add_purses();
      state.set_id(id);
      state.set_balance_nano_usd(value.nano_usd);
      state.set_version(static_cast<std::uint64_t>(value.version));
    }
    if (!stream->Write(response)) break;
  }
  return grpc::Status::OK;
}

}  // namespace sluice::billing
