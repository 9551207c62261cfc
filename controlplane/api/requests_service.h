// The admin API's explanation of single requests.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "controlplane/api/admin_call.h"
#include "controlplane/usage/decisions.h"
#include "sluice/admin/v1/requests.grpc.pb.h"

namespace sluice::api {

// Asks the nodes for a record that is not stored (yet). Blocking, bounded; any thread.
using AskNodes = std::function<std::optional<usage::Decision>(const std::string& request_id)>;

class RequestServiceImpl final : public admin::v1::RequestService::Service {
 public:
  RequestServiceImpl(const AdminContext& admin, AskNodes ask_nodes) : admin_(admin), ask_nodes_(std::move(ask_nodes)) {}

  grpc::Status GetRequest(grpc::ServerContext* context, const admin::v1::GetRequestRequest* request,
                          admin::v1::GetRequestResponse* response) override;

 private:
  const AdminContext& admin_;
  const AskNodes ask_nodes_;
};

}  // namespace sluice::api
