#include "controlplane/oidc/people.h"

#include "common/base/uuid.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/store/sign_in_settings.h"
#include "controlplane/store/user_passwords.h"

namespace sluice::oidc {

namespace {

constexpr const char* kActor = "oidc";

// One answer for all that is about accounts here, whose they are and whether they are.
std::unexpected<Error> not_in() {
  return fail(ErrorCode::kPermissionDenied,
              "this identity does not sign in here: sign in with your password and link it to your account, or ask an "
              "administrator");
}

Result<> check_domain(const store::OidcProvider& provider, const Person& person) {
  if (provider.allowed_email_domains.empty()) return {};
  if (person.email_verified && in_domains(person.email, provider.allowed_email_domains)) return {};
  return fail(ErrorCode::kPermissionDenied,
              "people sign in through this provider with a verified e-mail address of certain domains only");
}

// An address leads to a plain user without his doing, if it was proven to be his, or if there is no password: else
// somebody could have made the account to wait for the owner of the address. And once: another subject with the same
// address may be somebody else who has it now.
Result<bool> may_be_found(db::Transaction& tx, const store::OidcProvider& provider, const store::User& user) {
  if (user.status != store::Status::kActive || user.role != store::Role::kUser) return false;
  const auto other = store::has_oidc_identity(tx, provider.id, user.id);
  if (!other) return other;
  if (*other) return false;
  if (user.email_verified) return true;
  const auto hash = store::get_password_hash(tx, user.id);
  if (!hash) return std::unexpected(hash.error());
  return hash->empty();
}

Result<Known> by_email(db::Transaction& tx, const store::OidcProvider& provider, const Person& person, bool create,
                       std::optional<store::OidcIdentity> identity) {
  if (!person.email_verified) {
    return fail(ErrorCode::kPermissionDenied,
                "the provider does not say that this e-mail address is verified: sign in with your password and link "
                "the identity to your account");
  }
  auto user = store::find_user_by_email(tx, person.email);
  if (user) {
    const auto may = may_be_found(tx, provider, *user);
    if (!may) return std::unexpected(may.error());
    if (!*may) return not_in();
    return Known{.user = std::move(*user), .linked_by = "email", .identity = std::move(identity)};
  }
  if (user.error().code != ErrorCode::kNotFound) return std::unexpected(user.error());
  if (!create) return not_in();
  Known known{.user = {}, .linked_by = "created", .identity = std::move(identity)};
  known.user.email = person.email;
  known.user.display_name = person.name;
  return known;
}

Result<> make_user(db::Transaction& tx, SystemTime now, store::User& user) {
  const auto settings = store::get_sign_in_settings(tx);
  if (!settings) return std::unexpected(settings.error());
  user.id = Uuid::generate(now).to_string();
  user.concurrency = settings->new_user_concurrency;
  auto stored = store::insert_user(tx, user);
  if (!stored) return std::unexpected(stored.error());
  user = std::move(*stored);
  if (settings->new_user_credit_nano_usd == 0) return {};
  const auto credit = billing::adjust(tx,
                                      {.user_id = user.id,
                                       .amount_nano_usd = settings->new_user_credit_nano_usd,
                                       .reason = "credit of a new user",
                                       .external_id = "registration|" + user.id,
                                       .actor = kActor},
                                      now);
  if (!credit) return std::unexpected(credit.error());
  return {};
}

Result<store::OidcIdentity> keep(db::Transaction& tx, SystemTime now, const store::OidcProvider& provider,
                                 const Person& person, const std::string& user_id, const std::string& linked_by) {
  return store::keep_oidc_identity(tx, {.id = Uuid::generate(now).to_string(),
                                        .provider_id = provider.id,
                                        .subject = person.subject,
                                        .user_id = user_id,
                                        .email = person.email,
                                        .linked_by = linked_by,
                                        .created_at = now,
                                        .last_used_at = now});
}

}  // namespace

Result<Known> who_is(db::Transaction& tx, const store::OidcProvider& provider, const Person& person) {
  if (Result<> fine = check_domain(provider, person); !fine) return std::unexpected(fine.error());
  if (Result<> mine = store::lock_oidc_subject(tx, provider.id, person.subject); !mine) {
    return std::unexpected(mine.error());
  }
  auto identity = store::find_oidc_identity(tx, provider.id, person.subject);
  if (!identity) return std::unexpected(identity.error());
  if (!*identity) return by_email(tx, provider, person, provider.create_users, std::nullopt);
  auto user = store::get_user(tx, (*identity)->user_id);
  if (!user) return std::unexpected(user.error());
  // Nobody comes back by himself after he was deleted; another account of his address may be his again.
  if (user->status == store::Status::kDeleted) return by_email(tx, provider, person, false, std::move(*identity));
  const std::string linked_by = (*identity)->linked_by;
  const bool may = linked_by == "self" || (linked_by != "unlinked" && user->role == store::Role::kUser);
  if (!may || user->status != store::Status::kActive) return not_in();
  return Known{.user = std::move(*user), .linked_by = linked_by, .identity = std::move(*identity)};
}

Result<store::OidcIdentity> let_in(const OidcContext& oidc, db::Transaction& tx, const store::OidcProvider& provider,
                                   const Person& person, Known& known) {
  const SystemTime now = oidc.clock.now();
  if (known.user.id.empty()) {
    if (Result<> made = make_user(tx, now, known.user); !made) return std::unexpected(made.error());
  }
  if (person.email_verified) {
    // Does nothing for an address that is not the user's.
    if (Result<> marked = store::mark_email_verified(tx, known.user.id, person.email); !marked) {
      return std::unexpected(marked.error());
    }
  }
  return keep(tx, now, provider, person, known.user.id, known.linked_by);
}

Result<store::OidcIdentity> link(const OidcContext& oidc, db::Transaction& tx, const store::OidcProvider& provider,
                                 const Person& person, const std::string& user_id) {
  if (Result<> fine = check_domain(provider, person); !fine) return std::unexpected(fine.error());
  const auto identity = store::find_oidc_identity(tx, provider.id, person.subject);
  if (!identity) return std::unexpected(identity.error());
  if (*identity && (*identity)->user_id != user_id && (*identity)->linked_by != "unlinked") {
    const auto other = store::get_user(tx, (*identity)->user_id);
    if (!other) return std::unexpected(other.error());
    if (other->status != store::Status::kDeleted) {
      return fail(ErrorCode::kAlreadyExists, "this identity is linked to another account");
    }
  }
  return keep(tx, oidc.clock.now(), provider, person, user_id, "self");
}

}  // namespace sluice::oidc
