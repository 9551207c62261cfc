#include "controlplane/api/identity_notice.h"

#include <fmt/format.h>

#include "controlplane/api/oidc_messages.h"
#include "controlplane/mail/address.h"
#include "controlplane/mail/outbox.h"
#include "controlplane/mail/settings.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

mail::Message notice(const store::User& user, const store::OidcIdentity& identity) {
  return {.to = user.email,
          .subject = "A new way to sign in to your account",
          .text = Secret(fmt::format("From now on you can sign in through {}{}{}.\n\n"
                                     "If it was not you, tell the operator.\n",
                                     identity.provider_name, identity.email.empty() ? "" : " as ", identity.email))};
}

}  // namespace

Result<> note_linked(Call& call, const crypto::Vault& vault, const store::OidcIdentity& identity) {
  v1::Identity shown;
  to_message(identity, shown);
  if (Result<> kept = call.audit("identity.link", "user", identity.user_id, nullptr, &shown); !kept) return kept;
  const auto settings = mail::get_settings(call.tx);
  if (!settings) return std::unexpected(settings.error());
  const auto user = store::get_user(call.tx, identity.user_id);
  if (!user) return std::unexpected(user.error());
  if (!settings->enabled || !mail::check_address("email", user->email)) return {};
  const auto queued = mail::queue(call.tx, vault, notice(*user, identity), call.clock.now());
  if (!queued) return std::unexpected(queued.error());
  return {};
}

}  // namespace sluice::api
