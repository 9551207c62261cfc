#include "controlplane/api/registration_service.h"

#include <algorithm>

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/api/session_messages.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/identity/email_links.h"
#include "controlplane/mail/address.h"
#include "controlplane/mail/outbox.h"
#include "controlplane/mail/settings.h"
#include "controlplane/mail/texts.h"
#include "controlplane/store/oidc_identities.h"
#include "controlplane/store/user_passwords.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kLongestName = 254;
constexpr const char* kActor = "registration";

// Everything that goes by a link needs both.
Result<store::SignInSettings> settings_for_links(db::Transaction& tx) {
  auto settings = store::get_sign_in_settings(tx);
  if (!settings) return settings;
  const auto mail = mail::get_settings(tx);
  if (!mail) return std::unexpected(mail.error());
  if (!mail->enabled || settings->public_url.empty()) {
    return fail(ErrorCode::kFailedPrecondition, "this installation sends no mail: ask the operator");
  }
  return settings;
}

Result<> check_person(const v1::RegisterRequest& request) {
  if (Result<> fine = mail::check_address("email", request.email()); !fine) return fine;
  if (request.display_name().size() > kLongestName) {
    return fail(ErrorCode::kInvalidArgument, "display_name: at most 254 bytes");
  }
  return identity::check_password("password", request.password(), request.email());
}

Result<> check_open(const store::SignInSettings& settings, const std::string& email) {
  if (!settings.registration_open) return fail(ErrorCode::kPermissionDenied, "registration is closed");
  const auto& allowed = settings.allowed_email_domains;
  if (allowed.empty() || std::ranges::find(allowed, mail::domain_of(email)) != allowed.end()) return {};
  return fail(ErrorCode::kPermissionDenied, "email: addresses of this domain may not register");
}

Result<> is_known(db::Transaction& tx, const std::string& email, bool& known) {
  const auto user = store::find_user_by_email(tx, email);
  if (!user && user.error().code != ErrorCode::kNotFound) return std::unexpected(user.error());
  known = user.has_value();
  return {};
}

Result<> forget_identities(db::Transaction& tx, const std::string& user_id) {
  const auto identities = store::list_oidc_identities(tx, user_id);
  if (!identities) return std::unexpected(identities.error());
  for (const store::OidcIdentity& identity : *identities) {
    if (auto gone = store::forget_oidc_identity(tx, identity.id, user_id); !gone) return std::unexpected(gone.error());
  }
  return {};
}

}  // namespace

Result<std::string> RegistrationServiceImpl::make_user(Call& call, const store::EmailToken& person, bool proven) const {
  const auto settings = store::get_sign_in_settings(call.tx);
  if (!settings) return std::unexpected(settings.error());
  const SystemTime now = call.clock.now();
  store::User user;
  user.id = Uuid::generate(now).to_string();
  user.email = person.email;
  user.display_name = person.display_name;
  user.concurrency = settings->new_user_concurrency;
  if (auto stored = store::insert_user(call.tx, user); !stored) return std::unexpected(stored.error());
  if (Result<> kept = store::set_password_hash(call.tx, user.id, person.password_hash, now); !kept) {
    return std::unexpected(kept.error());
  }
  if (proven) {
    if (Result<> marked = store::mark_email_verified(call.tx, user.id, user.email); !marked) {
      return std::unexpected(marked.error());
    }
  }
  call.actor = kActor;
  v1::FinishRegistrationResponse record;
  record.set_user_id(user.id);
  record.set_email(user.email);
  if (Result<> kept = call.audit("user.register", "user", user.id, nullptr, &record); !kept) {
    return std::unexpected(kept.error());
  }
  if (settings->new_user_credit_nano_usd == 0) return user.id;
  const auto credit = billing::adjust(call.tx,
                                      {.user_id = user.id,
                                       .amount_nano_usd = settings->new_user_credit_nano_usd,
                                       .reason = "credit of a new user",
                                       .external_id = "registration|" + user.id,
                                       .actor = kActor},
                                      now);
  if (!credit) return std::unexpected(credit.error());
  return user.id;
}

Result<> RegistrationServiceImpl::queue_registration(Call& call, const store::EmailToken& person,
                                                     const store::SignInSettings& settings) const {
  bool known = false;
  if (Result<> asked = is_known(call.tx, person.email, known); !asked) return asked;
  // Also made for a known address, so that it takes as long; nobody learns that token.
  const auto token = identity::make_link(call.tx, call.clock, person);
  if (!token) return std::unexpected(token.error());
  const auto queued = mail::queue(call.tx, admin_.vault,
                                  known ? mail::known_already(person.email, settings.public_url)
                                        : mail::finish_registration(person.email, settings.public_url, token->reveal()),
                                  call.clock.now());
  if (!queued) return std::unexpected(queued.error());
  return {};
}

grpc::Status RegistrationServiceImpl::Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                                               v1::RegisterResponse* response) {
  if (Result<> fine = check_person(*request); !fine) return to_status(fine.error());
  const std::string network = client_of(*context).network;
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto settings = store::get_sign_in_settings(call.tx);
    if (!settings) return std::unexpected(settings.error());
    if (Result<> open = check_open(*settings, request->email()); !open) return open;
    return identity::count_mail(call.tx, call.clock, request->email(), network);
  });
  if (!may.ok()) return may;
  if (Result<> human = human_.ask(request->turnstile_token(), network); !human) return to_status(human.error());
  const Result<std::string> hash = hasher_.hash(request->password());
  if (!hash) return to_status(hash.error());
  const store::EmailToken person{.purpose = std::string(identity::kRegister),
                                 .email = request->email(),
                                 .password_hash = *hash,
                                 .display_name = request->display_name()};
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto settings = store::get_sign_in_settings(call.tx);
    if (!settings) return std::unexpected(settings.error());
    if (Result<> open = check_open(*settings, request->email()); !open) return open;
    if (settings->verify_email) {
      const auto links = settings_for_links(call.tx);
      if (!links) return std::unexpected(links.error());
      response->set_mail_sent(true);
      return queue_registration(call, person, *links);
    }
    const auto made = make_user(call, person, false);
    if (!made) return std::unexpected(made.error());
    response->set_user_id(*made);
    return {};
  });
}

grpc::Status RegistrationServiceImpl::FinishRegistration(grpc::ServerContext* context,
                                                         const v1::FinishRegistrationRequest* request,
                                                         v1::FinishRegistrationResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto person =
        store::use_email_token(call.tx, crypto::token_hash(request->token()), identity::kRegister, call.clock.now());
    if (!person) return std::unexpected(person.error());
    const auto made = make_user(call, *person, true);
    if (!made) return std::unexpected(made.error());
    response->set_user_id(*made);
    response->set_email(person->email);
    return {};
  });
}

Result<> RegistrationServiceImpl::queue_reset(Call& call, const std::string& email,
                                              const store::SignInSettings& settings) const {
  const auto user = store::find_user_by_email(call.tx, email);
  if (!user && user.error().code == ErrorCode::kNotFound) return {};
  if (!user) return std::unexpected(user.error());
  // Also who was made before addresses were checked strictly gets nothing.
  if (user->status != store::Status::kActive || !mail::check_address("email", user->email)) return {};
  const auto token = identity::make_link(
      call.tx, call.clock, {.purpose = std::string(identity::kReset), .email = user->email, .user_id = user->id});
  if (!token) return std::unexpected(token.error());
  const auto queued = mail::queue(
      call.tx, admin_.vault, mail::reset_password(user->email, settings.public_url, token->reveal()), call.clock.now());
  if (!queued) return std::unexpected(queued.error());
  return call.audit("user.request_password_reset", "user", user->id, nullptr, nullptr);
}

grpc::Status RegistrationServiceImpl::RequestPasswordReset(grpc::ServerContext* context,
                                                           const v1::RequestPasswordResetRequest* request,
                                                           v1::RequestPasswordResetResponse* response) {
  if (Result<> fine = mail::check_address("email", request->email()); !fine) return to_status(fine.error());
  const std::string network = client_of(*context).network;
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto settings = settings_for_links(call.tx);
    if (!settings) return std::unexpected(settings.error());
    return identity::count_mail(call.tx, call.clock, request->email(), network);
  });
  if (!may.ok()) return may;
  if (Result<> human = human_.ask(request->turnstile_token(), network); !human) return to_status(human.error());
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto settings = settings_for_links(call.tx);
    if (!settings) return std::unexpected(settings.error());
    return queue_reset(call, request->email(), *settings);
  });
}

grpc::Status RegistrationServiceImpl::FinishPasswordReset(grpc::ServerContext* context,
                                                          const v1::FinishPasswordResetRequest* request,
                                                          v1::FinishPasswordResetResponse* response) {
  const std::string token_hash = crypto::token_hash(request->token());
  // Hashing is only for who has a link.
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto link = store::find_email_token(call.tx, token_hash, identity::kReset, call.clock.now());
    if (!link) return std::unexpected(link.error());
    return identity::check_password("new_password", request->new_password(), link->email);
  });
  if (!may.ok()) return may;
  const Result<std::string> hash = hasher_.hash(request->new_password());
  if (!hash) return to_status(hash.error());
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const SystemTime now = call.clock.now();
    const auto link = store::use_email_token(call.tx, token_hash, identity::kReset, now);
    if (!link) return std::unexpected(link.error());
    const auto user = store::get_user(call.tx, link->user_id);
    if (!user) return std::unexpected(user.error());
    if (user->status != store::Status::kActive) return fail(ErrorCode::kPermissionDenied, "the user is not active");
    // Whoever came in by another way before anybody proved the address may be somebody else.
    if (!user->email_verified) {
      if (Result<> ended = forget_identities(call.tx, user->id); !ended) return ended;
    }
    // The mailbox was the address's; with another address it proves nothing.
    if (user->email != link->email) return fail(ErrorCode::kFailedPrecondition, "the e-mail address was changed");
    if (Result<> kept = store::set_password_hash(call.tx, user->id, *hash, now); !kept) return kept;
    if (Result<> marked = store::mark_email_verified(call.tx, user->id, user->email); !marked) return marked;
    const auto ended = store::revoke_sessions(call.tx, user->id, "", now);
    if (!ended) return std::unexpected(ended.error());
    response->set_sessions_ended(static_cast<std::int32_t>(*ended));
    const auto told = mail::queue(call.tx, admin_.vault, mail::password_was_reset(user->email), now);
    if (!told) return std::unexpected(told.error());
    call.actor = user->id;
    return call.audit("user.reset_password", "user", user->id, nullptr, response);
  });
}

grpc::Status RegistrationServiceImpl::RequestEmailVerification(grpc::ServerContext* context,
                                                               const v1::RequestEmailVerificationRequest* request,
                                                               v1::RequestEmailVerificationResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto settings = settings_for_links(call.tx);
    if (!settings) return std::unexpected(settings.error());
    const auto user = store::get_user(call.tx, call.caller.user_id);
    if (!user) return std::unexpected(user.error());
    if (user->email_verified) return fail(ErrorCode::kFailedPrecondition, "the e-mail address is proven already");
    if (Result<> fine = mail::check_address("email", user->email); !fine) return fine;
    if (Result<> fine = identity::count_mail(call.tx, call.clock, user->email, ""); !fine) return fine;
    const auto token = identity::make_link(
        call.tx, call.clock, {.purpose = std::string(identity::kVerify), .email = user->email, .user_id = user->id});
    if (!token) return std::unexpected(token.error());
    const auto queued =
        mail::queue(call.tx, admin_.vault, mail::verify_email(user->email, settings->public_url, token->reveal()),
                    call.clock.now());
    if (!queued) return std::unexpected(queued.error());
    return {};
  });
}

grpc::Status RegistrationServiceImpl::VerifyEmail(grpc::ServerContext* context, const v1::VerifyEmailRequest* request,
                                                  v1::VerifyEmailResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto link =
        store::use_email_token(call.tx, crypto::token_hash(request->token()), identity::kVerify, call.clock.now());
    if (!link) return std::unexpected(link.error());
    if (Result<> marked = store::mark_email_verified(call.tx, link->user_id, link->email); !marked) return marked;
    response->set_email(link->email);
    call.actor = link->user_id;
    return call.audit("user.verify_email", "user", link->user_id, nullptr, response);
  });
}

}  // namespace sluice::api
