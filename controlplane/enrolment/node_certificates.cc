#include "controlplane/enrolment/node_certificates.h"

#include "controlplane/store/row_access.h"

namespace sluice::enrolment {

namespace {

#define SLUICE_CERTIFICATE_COLUMNS "serial, node_id, authority_id, issued_at, expires_at, revoked_at"

constexpr std::int64_t kMostAnHour = 20;
constexpr std::chrono::hours kKept{24 * 30};

NodeCertificate read_certificate(const db::Row& row) {
  return {.serial = row.get<std::string>("serial"),
          .node_id = row.get<std::string>("node_id"),
          .authority_id = row.get<std::string>("authority_id"),
          .issued_at = row.get<SystemTime>("issued_at"),
          .expires_at = row.get<SystemTime>("expires_at"),
          .revoked_at = row.get<std::optional<SystemTime>>("revoked_at")};
}

Result<NodeCertificate> only(const Result<db::Rows>& rows, std::string_view serial) {
  return store::one(rows, read_certificate, [&] { return store::not_found("node certificate", serial); });
}

}  // namespace

Result<> lock_node(db::Transaction& tx, std::string_view node_id) {
  const auto locked = tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('node_certificates:' || $1, 0))", node_id);
  return locked ? Result<>() : std::unexpected(locked.error());
}

Result<> insert_certificate(db::Transaction& tx, const NodeCertificate& certificate) {
  const auto recent = tx.exec("SELECT count(*) AS n FROM node_certificates WHERE node_id = $1 AND issued_at > $2",
                              certificate.node_id, certificate.issued_at - std::chrono::hours(1));
  if (!recent) return std::unexpected(recent.error());
  if (recent->front().get<std::int64_t>("n") >= kMostAnHour) {
    return fail(ErrorCode::kResourceExhausted, "this node has got too many certificates within an hour");
  }
  const auto old = tx.exec("DELETE FROM node_certificates WHERE node_id = $1 AND expires_at < $2", certificate.node_id,
                           certificate.issued_at - kKept);
  if (!old) return std::unexpected(old.error());
  const auto inserted = tx.exec(
      "INSERT INTO node_certificates (serial, node_id, authority_id, issued_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5)",
      certificate.serial, certificate.node_id, certificate.authority_id, certificate.issued_at, certificate.expires_at);
  return inserted ? Result<>() : std::unexpected(inserted.error());
}

Result<std::vector<NodeCertificate>> list_certificates(db::Transaction& tx, std::string_view node_id, SystemTime now) {
  const auto rows = tx.exec("SELECT " SLUICE_CERTIFICATE_COLUMNS
                            " FROM node_certificates WHERE expires_at > $2 AND ($1 = '' OR node_id = $1) "
                            "ORDER BY node_id, issued_at, serial LIMIT 1000",
                            node_id, now);
  if (!rows) return std::unexpected(rows.error());
  std::vector<NodeCertificate> out;
  for (const db::Row row : *rows)
    out.push_back(read_certificate(row));
  return out;
}

Result<NodeCertificate> get_certificate(db::Transaction& tx, std::string_view serial) {
  return only(tx.exec("SELECT " SLUICE_CERTIFICATE_COLUMNS " FROM node_certificates WHERE serial = $1", serial),
              serial);
}

Result<NodeCertificate> revoke_certificate(db::Transaction& tx, std::string_view serial, SystemTime now) {
  return only(tx.exec("UPDATE node_certificates SET revoked_at = COALESCE(revoked_at, $2) WHERE serial = $1 "
                      "RETURNING " SLUICE_CERTIFICATE_COLUMNS,
                      serial, now),
              serial);
}

Result<int> revoke_certificates(db::Transaction& tx, std::string_view node_id, SystemTime now) {
  const auto rows = tx.exec(
      "UPDATE node_certificates SET revoked_at = $2 WHERE node_id = $1 AND revoked_at IS NULL AND expires_at > $2",
      node_id, now);
  if (!rows) return std::unexpected(rows.error());
  return static_cast<int>(rows->affected());
}

Result<std::set<std::string>> revoked_serials(db::Transaction& tx, SystemTime now) {
  const auto rows =
      tx.exec("SELECT serial FROM node_certificates WHERE revoked_at IS NOT NULL AND expires_at > $1", now);
  if (!rows) return std::unexpected(rows.error());
  std::set<std::string> out;
  for (const db::Row row : *rows)
    out.insert(row.get<std::string>("serial"));
  return out;
}

}  // namespace sluice::enrolment
