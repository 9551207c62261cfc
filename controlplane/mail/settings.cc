#include "controlplane/mail/settings.h"

#include <fmt/format.h>

#include <string_view>

#include "controlplane/store/row_access.h"

namespace sluice::mail {

namespace {

#define SLUICE_MAIL_SETTINGS_COLUMNS                                                                      \
  "id, enabled, host, port, security, username, sealed, key_version, from_address, from_name, revision, " \
  "updated_at"

std::string_view name(Security security) {
  switch (security) {
    case Security::kStartTls:
      return "starttls";
    case Security::kTls:
      return "tls";
    case Security::kNone:
      return "none";
  }
  return {};
}

Security security_of(std::string_view text) {
  if (text == "tls") return Security::kTls;
  return text == "none" ? Security::kNone : Security::kStartTls;
}

std::string context_of(const Settings& settings) {
  return fmt::format("mail_settings|{}|sealed", settings.id);
}

Settings read_row(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .enabled = row.get<bool>("enabled"),
          .host = row.get<std::string>("host"),
          .port = row.get<std::int32_t>("port"),
          .security = security_of(row.get<std::string>("security")),
          .username = row.get<std::string>("username"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .from_address = row.get<std::string>("from_address"),
          .from_name = row.get<std::string>("from_name"),
          .revision = row.get<std::int64_t>("revision"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

}  // namespace

Result<Settings> get_settings(db::Transaction& tx) {
  return store::one(tx.exec("SELECT " SLUICE_MAIL_SETTINGS_COLUMNS " FROM mail_settings"), read_row,
                    [] { return store::not_found("settings", "mail"); });
}

Result<Settings> update_settings(db::Transaction& tx, const Settings& settings) {
  const auto rows = tx.exec(
      "UPDATE mail_settings SET enabled = $3, host = $4, port = $5, security = $6, username = $7, sealed = $8, "
      "key_version = $9, from_address = $10, from_name = $11, revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND revision = $2 RETURNING " SLUICE_MAIL_SETTINGS_COLUMNS,
      settings.id, settings.revision, settings.enabled, settings.host, settings.port, name(settings.security),
      settings.username, db::Bytes{settings.sealed}, settings.key_version, settings.from_address, settings.from_name);
  return store::one(rows, read_row, [] {
    return fail(ErrorCode::kFailedPrecondition, "the settings of mail were changed meanwhile: read them again");
  });
}

void seal_password(const crypto::Vault& vault, const Secret& password, Settings& settings) {
  settings.sealed = password.empty() ? std::string() : vault.seal(context_of(settings), password);
  settings.key_version = static_cast<std::int32_t>(vault.newest_version());
}

Result<SmtpServer> server_of(const crypto::Vault& vault, const Settings& settings) {
  if (!settings.enabled) {
    return fail(ErrorCode::kFailedPrecondition, "mail is not set up: PATCH /admin/v1/mail/settings");
  }
  SmtpServer server{.host = settings.host,
                    .port = settings.port,
                    .security = settings.security,
                    .username = settings.username,
                    .from = {.address = settings.from_address, .name = settings.from_name}};
  if (settings.sealed.empty()) return server;
  auto password = vault.open(context_of(settings), settings.sealed);
  if (!password) return std::unexpected(password.error());
  server.password = std::move(*password);
  return server;
}

}  // namespace sluice::mail
