// The admin API's API keys. A key is shown in the answer that creates it and nowhere else.
#pragma once

#include "common/crypto/api_key.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/store/api_keys.h"
#include "sluice/admin/v1/api_keys.grpc.pb.h"

namespace sluice::api {

class ApiKeyServiceImpl final : public admin::v1::ApiKeyService::Service {
 public:
  explicit ApiKeyServiceImpl(const AdminContext& admin, const crypto::ApiKeyHasher& hasher)
      : admin_(admin), hasher_(hasher) {}

  grpc::Status ListApiKeys(grpc::ServerContext* context, const admin::v1::ListApiKeysRequest* request,
                           admin::v1::ListApiKeysResponse* response) override;
  grpc::Status GetApiKey(grpc::ServerContext* context, const admin::v1::GetApiKeyRequest* request,
                         admin::v1::GetApiKeyResponse* response) override;
  grpc::Status CreateApiKey(grpc::ServerContext* context, const admin::v1::CreateApiKeyRequest* request,
                            admin::v1::CreateApiKeyResponse* response) override;
  grpc::Status UpdateApiKey(grpc::ServerContext* context, const admin::v1::UpdateApiKeyRequest* request,
                            admin::v1::UpdateApiKeyResponse* response) override;
  grpc::Status RotateApiKey(grpc::ServerContext* context, const admin::v1::RotateApiKeyRequest* request,
                            admin::v1::RotateApiKeyResponse* response) override;
  grpc::Status DeleteApiKey(grpc::ServerContext* context, const admin::v1::DeleteApiKeyRequest* request,
                            admin::v1::DeleteApiKeyResponse* response) override;

 private:
  // Makes a key, or takes the given one, and writes what is stored of it.
  [[nodiscard]] Result<Secret> new_key(std::string_view given, store::ApiKey& row) const;

  const AdminContext& admin_;
  const crypto::ApiKeyHasher& hasher_;
};

}  // namespace sluice::api
