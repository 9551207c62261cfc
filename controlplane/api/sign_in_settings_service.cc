#include "controlplane/api/sign_in_settings_service.h"

#include "common/http/client_pool.h"
#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/mail/address.h"
#include "controlplane/mail/settings.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr int kMostDomains = 100;
constexpr std::size_t kLongestKey = 255;

void to_message(const store::SignInSettings& row, v1::SignInSettings& into) {
  into.set_public_url(row.public_url);
  into.set_registration_open(row.registration_open);
  into.set_verify_email(row.verify_email);
  into.mutable_allowed_email_domains()->Add(row.allowed_email_domains.begin(), row.allowed_email_domains.end());
  into.set_new_user_concurrency(row.new_user_concurrency);
  if (row.new_user_credit_nano_usd > 0) {
    into.set_new_user_credit_usd(money::format_usd(row.new_user_credit_nano_usd));
  }
  into.set_turnstile_site_key(row.turnstile_site_key);
  into.set_has_turnstile_secret(!row.sealed.empty());
  into.set_turnstile_url(row.turnstile_url);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> take_public_url(const std::string& url, std::string& into) {
  into = url;
  while (into.ends_with('/'))
    into.pop_back();
  if (into.empty()) return {};
  const auto parsed = http::parse_base_url(into);
  if (!parsed) return fail("public_url", parsed.error());
  return {};
}

Result<> take_domains(const v1::SignInSettings& settings, store::SignInSettings& into) {
  if (settings.allowed_email_domains_size() > kMostDomains) {
    return fail(ErrorCode::kInvalidArgument, "allowed_email_domains: at most 100");
  }
  into.allowed_email_domains.clear();
  for (const std::string& domain : settings.allowed_email_domains()) {
    const std::string address = "a@" + domain;
    if (!mail::check_address("", address)) {
      return fail(ErrorCode::kInvalidArgument, "allowed_email_domains: must be domains such as example.com");
    }
    into.allowed_email_domains.push_back(mail::domain_of(address));
  }
  return {};
}

Result<> check_numbers(const v1::SignInSettings& settings, store::SignInSettings& into) {
  if (Result<> fine = require_not_negative({{"new_user_concurrency", settings.new_user_concurrency()}}); !fine) {
    return fine;
  }
  const auto credit = parse_usd_field("new_user_credit_usd", settings.new_user_credit_usd(), 0);
  if (!credit) return std::unexpected(credit.error());
  if (*credit < 0) return fail(ErrorCode::kInvalidArgument, "new_user_credit_usd: must not be negative");
  into.new_user_concurrency = settings.new_user_concurrency();
  into.new_user_credit_nano_usd = *credit;
  return {};
}

}  // namespace

// `into` is the row as it is stored.
Result<> SignInSettingsServiceImpl::from_message(const v1::SignInSettings& settings,
                                                 store::SignInSettings& into) const {
  if (Result<> fine = take_public_url(settings.public_url(), into.public_url); !fine) return fine;
  if (Result<> fine = take_domains(settings, into); !fine) return fine;
  if (Result<> fine = check_numbers(settings, into); !fine) return fine;
  if (settings.registration_open() && settings.verify_email() && into.public_url.empty()) {
    return fail(ErrorCode::kInvalidArgument, "public_url: links that prove an address need it");
  }
  into.registration_open = settings.registration_open();
  into.verify_email = settings.verify_email();
  if (settings.turnstile_site_key().size() > kLongestKey || settings.turnstile_secret().size() > kLongestKey) {
    return fail(ErrorCode::kInvalidArgument, "turnstile_site_key, turnstile_secret: at most 255 bytes");
  }
  if (!settings.turnstile_url().empty()) {
    if (const auto fine = guard_.check(settings.turnstile_url()); !fine) return fail("turnstile_url", fine.error());
  }
  const bool keeps = settings.turnstile_secret().empty() && !into.sealed.empty();
  if (keeps && settings.turnstile_url() != into.turnstile_url) {
    return fail(ErrorCode::kInvalidArgument, "turnstile_secret: give it again with another turnstile_url");
  }
  into.turnstile_site_key = settings.turnstile_site_key();
  into.turnstile_url = settings.turnstile_url();
  if (settings.turnstile_site_key().empty()) {
    into.sealed.clear();
    return {};
  }
  if (keeps) return {};
  if (Result<> given = require("turnstile_secret", settings.turnstile_secret()); !given) return given;
  into.sealed = admin_.vault.seal("sign_in_settings|" + into.id + "|sealed", Secret(settings.turnstile_secret()));
  into.key_version = static_cast<std::int32_t>(admin_.vault.newest_version());
  return {};
}

grpc::Status SignInSettingsServiceImpl::GetSignInSettings(grpc::ServerContext* context,
                                                          const v1::GetSignInSettingsRequest* request,
                                                          v1::GetSignInSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = store::get_sign_in_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_sign_in_settings());
    return {};
  });
}

grpc::Status SignInSettingsServiceImpl::UpdateSignInSettings(grpc::ServerContext* context,
                                                             const v1::UpdateSignInSettingsRequest* request,
                                                             v1::UpdateSignInSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = store::get_sign_in_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->sign_in_settings().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::SignInSettings before;
    to_message(*row, before);
    v1::SignInSettings wanted = before;
    if (Result<> merged = merge(request->sign_in_settings(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    const auto stored = store::update_sign_in_settings(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_sign_in_settings());
    return call.audit("sign_in_settings.update", "sign_in_settings", "sign-in", &before, &response->sign_in_settings());
  });
}

grpc::Status SignInSettingsServiceImpl::GetSignInOptions(grpc::ServerContext* context,
                                                         const v1::GetSignInOptionsRequest* request,
                                                         v1::GetSignInOptionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = store::get_sign_in_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    const auto mail = mail::get_settings(call.tx);
    if (!mail) return std::unexpected(mail.error());
    response->set_registration_open(row->registration_open);
    response->set_verify_email(row->verify_email);
    response->set_password_reset(mail->enabled && !row->public_url.empty());
    response->set_turnstile_site_key(row->turnstile_site_key);
    return {};
  });
}

}  // namespace sluice::api
