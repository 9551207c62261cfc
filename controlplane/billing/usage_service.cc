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
    const Result<StoreCounts> counts = ingest_.store(request.node_id(), request.events());
    if (!counts) {
      observe::log(observe::Level::kError, "usage_not_stored",
                   {{"node", request.node_id()}, {"cause", counts.error().message}});
      return {grpc::StatusCode::UNAVAILABLE, "usage cannot be stored at present"};
    }
    usage::v1::ReportResponse response;
    response.set_batch(request.batch());
    response.set_duplicates(counts->duplicates);
    response.set_quarantined(counts->quarantined);
    if (!stream->Write(response)) break;
  }
  return grpc::Status::OK;
}

}  // namespace sluice::billing
