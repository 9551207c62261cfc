#include "controlplane/billing/usage_service.h"

#include "common/crypto/digest.h"
#include "common/observe/log.h"

namespace sluice::billing {

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
