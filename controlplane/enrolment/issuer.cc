#include "controlplane/enrolment/issuer.h"

#include <boost/json.hpp>

#include "common/base/uuid.h"
#include "common/pki/certificate.h"
#include "common/pki/request.h"
#include "controlplane/enrolment/authorities.h"
#include "controlplane/enrolment/node_certificates.h"
#include "controlplane/enrolment/tokens.h"
#include "controlplane/store/audit.h"

namespace sluice::enrolment {

namespace {

// Clocks of machines differ a little.
constexpr std::chrono::minutes kEarlier{5};

Result<> audit(db::Transaction& tx, const char* action, const NodeCertificate& row) {
  return store::append_audit(tx, {.id = Uuid::generate(row.issued_at).to_string(),
                                  .actor = "system",
                                  .action = action,
                                  .object_kind = "node",
                                  .object_id = row.node_id,
                                  .after = boost::json::serialize(boost::json::object{{"serial", row.serial}})});
}

}  // namespace

Result<Issued> Issuer::enrol(const Secret& token, const std::string& node_id, const std::string& request_pem) {
  if (Result<> fine = check_node_id(node_id); !fine) return std::unexpected(fine.error());
  const auto key = pki::key_of_request(request_pem);
  if (!key) return std::unexpected(key.error());
  return db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<Issued> {
    Result<> used = use_token(tx, token.reveal(), node_id, *key, clock_.now());
    if (!used) return std::unexpected(used.error());
    return issue(tx, node_id, request_pem, "node.enrol");
  });
}

Result<Issued> Issuer::renew(const NodeIdentity& identity, const std::string& request_pem) {
  return db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<Issued> {
    if (Result<> locked = lock_node(tx, identity.node_id); !locked) return std::unexpected(locked.error());
    const auto shown = get_certificate(tx, identity.serial);
    if (!shown || shown->revoked_at) {
      return fail(ErrorCode::kPermissionDenied, "the node's certificate is unknown or revoked: enrol the node again");
    }
    return issue(tx, identity.node_id, request_pem, "node.renew");
  });
}

Result<Issued> Issuer::issue(db::Transaction& tx, const std::string& node_id, const std::string& request_pem,
                             const char* action) {
  const SystemTime now = clock_.now();
  const auto row = signing_authority(tx, vault_, now);
  if (!row) return std::unexpected(row.error());
  const auto authority = open_authority(*row, vault_);
  if (!authority) return std::unexpected(authority.error());
  const pki::Validity validity{.from = now - std::min<std::chrono::seconds>(kEarlier, options_.node_life / 10),
                               .to = std::min(row->expires_at, now + options_.node_life)};
  auto pem = pki::sign_client(*authority, request_pem, node_id, validity);
  if (!pem) return std::unexpected(pem.error());
  const auto made = pki::read_certificate(*pem);
  if (!made) return std::unexpected(made.error());
  const NodeCertificate certificate{.serial = made->serial,
                                    .node_id = node_id,
                                    .authority_id = row->id,
                                    .issued_at = now,
                                    .expires_at = made->not_after};
  if (Result<> kept = insert_certificate(tx, certificate); !kept) return std::unexpected(kept.error());
  if (Result<> told = audit(tx, action, certificate); !told) return std::unexpected(told.error());
  const auto believed = believed_authorities(tx);
  if (!believed) return std::unexpected(believed.error());
  return Issued{.certificate_pem = std::move(*pem), .ca_pem = bundle_of(*believed)};
}

Result<std::string> Issuer::trust() {
  return db::in_transaction(pool_, [](db::Transaction& tx) -> Result<std::string> {
    const auto believed = believed_authorities(tx);
    if (!believed) return std::unexpected(believed.error());
    return bundle_of(*believed);
  });
}

}  // namespace sluice::enrolment
