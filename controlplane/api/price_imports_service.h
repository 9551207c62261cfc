// The admin API's imports of price maps.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/price_imports.grpc.pb.h"

namespace sluice::api {

class PriceImportServiceImpl final : public admin::v1::PriceImportService::Service {
 public:
  explicit PriceImportServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ImportPrices(grpc::ServerContext* context, const admin::v1::ImportPricesRequest* request,
                            admin::v1::ImportPricesResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
