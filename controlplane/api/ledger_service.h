// The admin API's ledger.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/ledger.grpc.pb.h"

namespace sluice::api {

class LedgerServiceImpl final : public admin::v1::LedgerService::Service {
 public:
  explicit LedgerServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status CreateAdjustment(grpc::ServerContext* context, const admin::v1::CreateAdjustmentRequest* request,
                                admin::v1::CreateAdjustmentResponse* response) override;
  grpc::Status GetBalance(grpc::ServerContext* context, const admin::v1::GetBalanceRequest* request,
                          admin::v1::GetBalanceResponse* response) override;
  grpc::Status ListLedgerEntries(grpc::ServerContext* context, const admin::v1::ListLedgerEntriesRequest* request,
                                 admin::v1::ListLedgerEntriesResponse* response) override;
  grpc::Status CheckLedger(grpc::ServerContext* context, const admin::v1::CheckLedgerRequest* request,
                           admin::v1::CheckLedgerResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
