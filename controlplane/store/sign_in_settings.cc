#include "controlplane/store/sign_in_settings.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {

namespace {

#define SLUICE_SIGN_IN_COLUMNS                                                                     \
  "id, public_url, registration_open, verify_email, allowed_email_domains, new_user_concurrency, " \
  "new_user_credit_nano_usd, turnstile_site_key, turnstile_url, sealed, key_version, revision, updated_at"

SignInSettings read_row(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .public_url = row.get<std::string>("public_url"),
          .registration_open = row.get<bool>("registration_open"),
          .verify_email = row.get<bool>("verify_email"),
          .allowed_email_domains = row.get<std::vector<std::string>>("allowed_email_domains"),
          .new_user_concurrency = row.get<std::int32_t>("new_user_concurrency"),
          .new_user_credit_nano_usd = row.get<std::int64_t>("new_user_credit_nano_usd"),
          .turnstile_site_key = row.get<std::string>("turnstile_site_key"),
          .turnstile_url = row.get<std::string>("turnstile_url"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .revision = row.get<std::int64_t>("revision"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

}  // namespace

Result<SignInSettings> get_sign_in_settings(db::Transaction& tx) {
  return one(tx.exec("SELECT " SLUICE_SIGN_IN_COLUMNS " FROM sign_in_settings"), read_row,
             [] { return not_found("settings", "sign-in"); });
}

Result<SignInSettings> update_sign_in_settings(db::Transaction& tx, const SignInSettings& settings) {
  const auto rows = tx.exec(
      "UPDATE sign_in_settings SET public_url = $3, registration_open = $4, verify_email = $5, "
      "allowed_email_domains = $6, new_user_concurrency = $7, new_user_credit_nano_usd = $8, turnstile_site_key = $9, "
      "turnstile_url = $10, sealed = $11, key_version = $12, revision = revision + 1, updated_at = now() WHERE id = $1 "
      "AND revision = $2 "
      "RETURNING " SLUICE_SIGN_IN_COLUMNS,
      settings.id, settings.revision, settings.public_url, settings.registration_open, settings.verify_email,
      settings.allowed_email_domains, settings.new_user_concurrency, settings.new_user_credit_nano_usd,
      settings.turnstile_site_key, settings.turnstile_url, db::Bytes{settings.sealed}, settings.key_version);
  return one(rows, read_row, [] {
    return fail(ErrorCode::kFailedPrecondition, "the settings of sign-ins were changed meanwhile: read them again");
  });
}

}  // namespace sluice::store
