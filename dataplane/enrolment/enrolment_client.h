// The node's calls to the control plane's EnrolmentService. Blocking; any thread.
#pragma once

#include <string>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "dataplane/enrolment/identity_file.h"

namespace sluice::enrolment {

struct Server {
  std::string address;  // "host:port"
  std::string ca_pem;   // who signs its certificate
};

// Buys a certificate for this key. kPermissionDenied and kInvalidArgument are for good; kUnavailable may pass.
[[nodiscard]] Result<Identity> enrol(const Server& server, const Secret& token, const std::string& node_id,
                                     const Secret& key_pem);
// The next certificate, for a new key; shows the present one.
[[nodiscard]] Result<Identity> renew(const Server& server, const Identity& identity);
// The authorities to believe.
[[nodiscard]] Result<std::string> get_trust(const Server& server);

}  // namespace sluice::enrolment
