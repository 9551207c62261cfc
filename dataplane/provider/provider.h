// One upstream service: where its requests go, how they are authenticated, what its answers mean. Stateless, without
// I/O; safe to use from every worker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/http/client_pool.h"
#include "common/http/head.h"
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

// What an upstream's status means for the request.
enum class Verdict : std::uint8_t {
  kRelay,           // an answer, or the client's own mistake: it goes to the client
  kAccountRefused,  // the account's credential was refused: not the client's fault, never shown as such
};

class Provider {
 public:
  virtual ~Provider() = default;
  // As in Account.provider.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Fails if the credential may not be sent to the account's host.
  [[nodiscard]] virtual Result<> build(const http::RequestHead& head, const snapshot::AccountEntry& account,
                                       const snapshot::CredentialEntry& credential, UpstreamRequest& into) const = 0;
  [[nodiscard]] virtual Verdict judge(const http::ResponseHead& head) const = 0;
  // Whether an upstream's response field goes to the client.
  [[nodiscard]] virtual bool forwards_to_client(std::string_view field) const = 0;
};

}  // namespace sluice::provider
