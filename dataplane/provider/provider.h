// One upstream service: where its requests go, how they are authenticated, what its answers mean. Stateless, without
// I/O; safe to use from every worker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/http/client_pool.h"
#include "common/http/head.h"
#include "dataplane/provider/limits/limit_signal.h"
#include "dataplane/snapshot/snapshot.h"

namespace sluice::provider {

// A request to an upstream, built from an allow-list: framing, credentials and hop-by-hop fields of the client never
// get here. The fields view the client's head, the account and this object; all must outlive the sending.
struct UpstreamRequest {
  const http::Origin* origin = nullptr;
  std::string target;
  Secret credential_value;
  std::vector<http::Field> fields;
};

class Provider {
 public:
  virtual ~Provider() = default;
  // As in Account.provider.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Fails if the credential may not be sent to the account's host.
  [[nodiscard]] virtual Result<> build(const http::RequestHead& head, const snapshot::AccountEntry& account,
                                       const snapshot::CredentialEntry& credential, UpstreamRequest& into) const = 0;
  // What an answer says about the account's limits. `body` is given for errors only.
  [[nodiscard]] virtual LimitSignal read_limits(const http::ResponseHead& head, std::string_view body,
                                                SystemTime now) const = 0;
  // Whether an upstream's response field goes to the client.
  [[nodiscard]] virtual bool forwards_to_client(std::string_view field) const = 0;
};

}  // namespace sluice::provider
