// The admin API's redeem codes.
#pragma once

#include "common/crypto/api_key.h"
#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/redeem_codes.grpc.pb.h"

namespace sluice::api {

class RedeemCodeServiceImpl final : public admin::v1::RedeemCodeService::Service {
 public:
  // Both outlive this.
  RedeemCodeServiceImpl(const AdminContext& admin, const crypto::ApiKeyHasher& hasher)
      : admin_(admin), hasher_(hasher) {}

  grpc::Status ListRedeemCodes(grpc::ServerContext* context, const admin::v1::ListRedeemCodesRequest* request,
                               admin::v1::ListRedeemCodesResponse* response) override;
  grpc::Status GetRedeemCode(grpc::ServerContext* context, const admin::v1::GetRedeemCodeRequest* request,
                             admin::v1::GetRedeemCodeResponse* response) override;
  grpc::Status CreateRedeemCodes(grpc::ServerContext* context, const admin::v1::CreateRedeemCodesRequest* request,
                                 admin::v1::CreateRedeemCodesResponse* response) override;
  grpc::Status RevokeRedeemCode(grpc::ServerContext* context, const admin::v1::RevokeRedeemCodeRequest* request,
                                admin::v1::RevokeRedeemCodeResponse* response) override;
  grpc::Status Redeem(grpc::ServerContext* context, const admin::v1::RedeemRequest* request,
                      admin::v1::RedeemResponse* response) override;

 private:
  const AdminContext& admin_;
  const crypto::ApiKeyHasher& hasher_;
};

}  // namespace sluice::api
