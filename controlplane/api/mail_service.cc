#include "controlplane/api/mail_service.h"

#include <algorithm>

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/mail/address.h"
#include "controlplane/mail/settings.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kLongestText = 255;
constexpr std::size_t kLongestName = 100;
constexpr int kUsualPort = 587;

void to_message(const mail::Settings& row, v1::MailSettings& into) {
  into.set_enabled(row.enabled);
  into.set_host(row.host);
  into.set_port(row.port);
  into.set_security(row.security == mail::Security::kTls    ? v1::MAIL_SECURITY_TLS
                    : row.security == mail::Security::kNone ? v1::MAIL_SECURITY_NONE
                                                            : v1::MAIL_SECURITY_STARTTLS);
  into.set_username(row.username);
  into.set_has_password(!row.sealed.empty());
  into.set_from_address(row.from_address);
  into.set_from_name(row.from_name);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_updated_at(), row.updated_at);
}

void to_message(const mail::Mail& row, v1::Mail& into) {
  into.set_id(row.id);
  into.set_recipient(row.recipient);
  into.set_subject(row.subject);
  into.set_state(row.state == "sent"     ? v1::MAIL_STATE_SENT
                 : row.state == "failed" ? v1::MAIL_STATE_FAILED
                                         : v1::MAIL_STATE_WAITING);
  into.set_attempts(row.attempts);
  if (row.state == "waiting") set_time(into.mutable_next_attempt_at(), row.next_attempt_at);
  into.set_last_error(row.last_error);
  set_time(into.mutable_created_at(), row.created_at);
  if (row.ended_at) set_time(into.mutable_ended_at(), *row.ended_at);
}

bool is_host(const std::string& host) {
  return host.size() <= kLongestText && std::ranges::all_of(host, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
         });
}

bool is_printable(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<> check(const v1::MailSettings& settings) {
  if (!is_host(settings.host())) return fail(ErrorCode::kInvalidArgument, "host: must be a host name or an address");
  if (settings.port() < 0 || settings.port() > 65'535) return fail(ErrorCode::kInvalidArgument, "port: 1 to 65535");
  if (settings.username().size() > kLongestText || !is_printable(settings.username())) {
    return fail(ErrorCode::kInvalidArgument, "username: at most 255 printable characters");
  }
  if (settings.password().size() > kLongestText || !is_printable(settings.password())) {
    return fail(ErrorCode::kInvalidArgument, "password: at most 255 printable characters");
  }
  if (settings.from_name().size() > kLongestName || !is_printable(settings.from_name())) {
    return fail(ErrorCode::kInvalidArgument, "from_name: at most 100 printable bytes");
  }
  if (!settings.enabled() && settings.from_address().empty()) return {};
  if (Result<> fine = mail::check_address("from_address", settings.from_address()); !fine) return fine;
  if (settings.enabled()) return require("host", settings.host());
  return {};
}

// `into` is the row as it is stored. A stored password goes only where it was meant to go.
Result<> from_message(const v1::MailSettings& settings, const crypto::Vault& vault, mail::Settings& into) {
  if (Result<> fine = check(settings); !fine) return fine;
  const int port = settings.port() == 0 ? kUsualPort : settings.port();
  const bool keeps = settings.password().empty() && !settings.username().empty() && !into.sealed.empty();
  if (keeps && (settings.host() != into.host || port != into.port)) {
    return fail(ErrorCode::kInvalidArgument, "password: give it again with another host or port");
  }
  into.enabled = settings.enabled();
  into.host = settings.host();
  into.port = port;
  into.security = settings.security() == v1::MAIL_SECURITY_TLS    ? mail::Security::kTls
                  : settings.security() == v1::MAIL_SECURITY_NONE ? mail::Security::kNone
                                                                  : mail::Security::kStartTls;
  into.username = settings.username();
  into.from_address = settings.from_address();
  into.from_name = settings.from_name();
  if (!keeps) mail::seal_password(vault, Secret(settings.password()), into);
  return {};
}

}  // namespace

grpc::Status MailServiceImpl::GetMailSettings(grpc::ServerContext* context, const v1::GetMailSettingsRequest* request,
                                              v1::GetMailSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = mail::get_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_mail_settings());
    return {};
  });
}

grpc::Status MailServiceImpl::UpdateMailSettings(grpc::ServerContext* context,
                                                 const v1::UpdateMailSettingsRequest* request,
                                                 v1::UpdateMailSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = mail::get_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->mail_settings().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::MailSettings before;
    to_message(*row, before);
    v1::MailSettings wanted = before;
    if (Result<> merged = merge(request->mail_settings(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, admin_.vault, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    const auto stored = mail::update_settings(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_mail_settings());
    return call.audit("mail_settings.update", "mail_settings", "mail", &before, &response->mail_settings());
  });
}

grpc::Status MailServiceImpl::SendTestMail(grpc::ServerContext* context, const v1::SendTestMailRequest* request,
                                           v1::SendTestMailResponse* response) {
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> fine = mail::check_address("to", request->to()); !fine) return fine;
    return call.audit("mail.test", "mail_settings", "mail", nullptr, request);
  });
  if (!may.ok()) return may;
  const Result<> sent = mailer_.send({.to = request->to(),
                                      .subject = "Sluice can send mail",
                                      .text = Secret("This is the test that was asked for.\n")},
                                     Uuid::generate(admin_.clock.now()).to_string());
  response->set_sent(sent.has_value());
  if (!sent) response->set_error(sent.error().message);
  return grpc::Status::OK;
}

grpc::Status MailServiceImpl::ListMails(grpc::ServerContext* context, const v1::ListMailsRequest* request,
                                        v1::ListMailsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto page = mail::list_mails(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const mail::Mail& row : page->rows)
      to_message(row, *response->add_mails());
    response->set_next_page_token(page->next);
    return {};
  });
}

}  // namespace sluice::api
