// The admin API's checks of the books.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/ledger_checks.grpc.pb.h"

namespace sluice::api {

class LedgerCheckServiceImpl final : public admin::v1::LedgerCheckService::Service {
 public:
  explicit LedgerCheckServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListLedgerChecks(grpc::ServerContext* context, const admin::v1::ListLedgerChecksRequest* request,
                                admin::v1::ListLedgerChecksResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
