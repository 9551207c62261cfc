// Gives certificates to nodes. Blocking, any thread.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "controlplane/enrolment/node_gate.h"

namespace sluice::enrolment {

struct Issued {
  std::string certificate_pem;
  std::string ca_pem;  // all authorities to believe
};

struct IssuerOptions {
  // Of a node's certificate; it is renewed when two thirds are over.
  std::chrono::seconds node_life = std::chrono::hours(24 * 30);
};

class Issuer {
 public:
  // All outlive it.
  Issuer(db::Pool& pool, const crypto::Vault& vault, const Clock& clock, IssuerOptions options)
      : pool_(pool), vault_(vault), clock_(clock), options_(options) {}

  // For a one-time token. kPermissionDenied says what is wrong with it, kInvalidArgument with the request.
  [[nodiscard]] Result<Issued> enrol(const Secret& token, const std::string& node_id, const std::string& request_pem);
  // For a certificate that is still good. kPermissionDenied if it was revoked meanwhile.
  [[nodiscard]] Result<Issued> renew(const NodeIdentity& identity, const std::string& request_pem);
  // All authorities to believe.
  [[nodiscard]] Result<std::string> trust();

 private:
  [[nodiscard]] Result<Issued> issue(db::Transaction& tx, const std::string& node_id, const std::string& request_pem,
                                     const char* action);

  db::Pool& pool_;
  const crypto::Vault& vault_;
  const Clock& clock_;
  const IssuerOptions options_;
};

}  // namespace sluice::enrolment
