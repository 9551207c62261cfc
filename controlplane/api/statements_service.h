// The admin API's statements.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/statements.grpc.pb.h"

namespace sluice::api {

class StatementServiceImpl final : public admin::v1::StatementService::Service {
 public:
  explicit StatementServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status GetStatement(grpc::ServerContext* context, const admin::v1::GetStatementRequest* request,
                            admin::v1::GetStatementResponse* response) override;
  grpc::Status ExportStatement(grpc::ServerContext* context, const admin::v1::ExportStatementRequest* request,
                               admin::v1::ExportStatementResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
