// Reads the audit log.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/audit.grpc.pb.h"

namespace sluice::api {

class AuditServiceImpl final : public admin::v1::AuditService::Service {
 public:
  explicit AuditServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListAuditRecords(grpc::ServerContext* context, const admin::v1::ListAuditRecordsRequest* request,
                                admin::v1::ListAuditRecordsResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
