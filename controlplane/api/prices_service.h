// The admin API's price book.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/prices.grpc.pb.h"

namespace sluice::api {

class PriceServiceImpl final : public admin::v1::PriceService::Service {
 public:
  explicit PriceServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListPrices(grpc::ServerContext* context, const admin::v1::ListPricesRequest* request,
                          admin::v1::ListPricesResponse* response) override;
  grpc::Status GetPrice(grpc::ServerContext* context, const admin::v1::GetPriceRequest* request,
                        admin::v1::GetPriceResponse* response) override;
  grpc::Status CreatePrice(grpc::ServerContext* context, const admin::v1::CreatePriceRequest* request,
                           admin::v1::CreatePriceResponse* response) override;
  grpc::Status UpdatePrice(grpc::ServerContext* context, const admin::v1::UpdatePriceRequest* request,
                           admin::v1::UpdatePriceResponse* response) override;
  grpc::Status DeletePrice(grpc::ServerContext* context, const admin::v1::DeletePriceRequest* request,
                           admin::v1::DeletePriceResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
