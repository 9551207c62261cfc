#include "controlplane/billing/usage_service.h"

#include "common/crypto/digest.h"
#include "common/observe/log.h"

namespace sluice::billing {

// Makes a stream known to end_streams() for as long as its context lives.
class UsageServiceImpl::Stream {
 public:
  Stream(UsageServiceImpl& service, grpc::ServerContext& context) : service_(service), context_(context) {
    const std::lock_guard lock(service_.mutex_);
    admitted_ = !service_.stopping_;
    if (admitted_) service_.streams_.insert(&context_);
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
  for (grpc::ServerContext* context : streams_)
    context->TryCancel();
}

bool UsageServiceImpl::authorized(const grpc::ServerContext& context) const {
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
  if (!authorized(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "unknown node token"};
  const Stream known(*this, *context);
  if (!known.admitted()) return {grpc::StatusCode::UNAVAILABLE, "the control plane is stopping"};
  usage::v1::ReportRequest request;
  while (stream->Read(&request)) {
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
