#include "controlplane/oidc/logins.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>
#include <vector>

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/oauth/texts.h"
#include "controlplane/oidc/exchange.h"
#include "controlplane/store/sign_in_settings.h"

namespace sluice::oidc {

namespace {

namespace json = boost::json;

constexpr std::string_view kCallback = "/oidc/callback";
constexpr std::size_t kLongestCode = 8 * 1024;

std::string context_of(const std::string& login_id) {
  return "oidc_logins|" + login_id + "|sealed";
}

std::unexpected<Error> damaged() {
  return fail(ErrorCode::kDataLoss, "the stored sign-in is damaged: start a new one");
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<json::object> open_login(const OidcContext& oidc, const store::OidcLogin& login) {
  const auto opened = oidc.vault.open(context_of(login.id), login.sealed);
  if (!opened) return fail("the stored sign-in", opened.error());
  boost::system::error_code bad;
  json::value value = json::parse(opened->reveal(), bad);
  if (bad || !value.is_object()) return damaged();
  return std::move(value.get_object());
}

store::OidcReturn return_of(const Returned& returned, const Beginning& beginning) {
  return {.state_hash = crypto::token_hash(returned.state.reveal()),
          .binding_hash = crypto::token_hash(returned.binding.reveal()),
          .purpose = beginning.purpose,
          .user_id = beginning.user_id};
}

// Of a sign-in that was found. One that was switched off meanwhile lets nobody in.
Result<Taken> with_provider(db::Transaction& tx, store::OidcLogin login) {
  auto provider = store::get_oidc_provider(tx, login.provider_id);
  if (!provider) return std::unexpected(provider.error());
  if (provider->status != store::Status::kActive) {
    return fail(ErrorCode::kFailedPrecondition, "nobody can sign in through this provider any more");
  }
  return Taken{std::move(login), std::move(*provider)};
}

std::string authorization_url(const store::OidcProvider& provider, const Issuer& issuer, const std::string& redirect,
                              const std::string& state, const std::string& nonce, const std::string& verifier) {
  std::string scopes;
  for (const std::string& scope : provider.scopes)
    scopes += (scopes.empty() ? "" : " ") + scope;
  const std::vector<std::pair<std::string, std::string>> fields{{"response_type", "code"},
                                                                {"client_id", provider.client_id},
                                                                {"redirect_uri", redirect},
                                                                {"scope", scopes},
                                                                {"state", state},
                                                                {"nonce", nonce},
                                                                {"code_challenge", oauth::pkce_challenge(verifier)},
                                                                {"code_challenge_method", "S256"}};
  const std::string& endpoint = issuer.authorization_endpoint;
  return endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") + oauth::form(fields);
}

}  // namespace

std::string secret_context(const std::string& provider_id) {
  return "oidc_providers|" + provider_id + "|sealed";
}

Result<std::string> redirect_url(db::Transaction& tx) {
  const auto settings = store::get_sign_in_settings(tx);
  if (!settings) return std::unexpected(settings.error());
  return settings->public_url.empty() ? std::string() : settings->public_url + std::string(kCallback);
}

Result<Started> start_login(const OidcContext& oidc, db::Transaction& tx, const store::OidcProvider& provider,
                            const Issuer& issuer, const Beginning& beginning) {
  auto redirect = redirect_url(tx);
  if (!redirect) return std::unexpected(redirect.error());
  if (redirect->empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "nobody set the public URL of the web UI (settings of sign-ins), where providers send people back to");
  }
  const SystemTime now = oidc.clock.now();
  const std::string state = oauth::random_text();
  const std::string nonce = oauth::random_text();
  const std::string verifier = oauth::random_text();
  const std::string binding = oauth::random_text();
  store::OidcLogin row;
  row.id = Uuid::generate(now).to_string();
  row.state_hash = crypto::token_hash(state);
  row.binding_hash = crypto::token_hash(binding);
  row.provider_id = provider.id;
  row.purpose = beginning.purpose;
  row.user_id = beginning.user_id;
  row.redirect_url = std::move(*redirect);
  row.sealed = oidc.vault.seal(context_of(row.id),
                               Secret(json::serialize(json::object{{"nonce", nonce}, {"verifier", verifier}})));
  row.key_version = static_cast<std::int32_t>(oidc.vault.newest_version());
  row.created_at = now;
  row.expires_at = now + kLoginLife;
  if (Result<> stored = store::insert_oidc_login(tx, row); !stored) return std::unexpected(stored.error());
  return Started{.authorization_url = authorization_url(provider, issuer, row.redirect_url, state, nonce, verifier),
                 .state = Secret(state),
                 .binding = Secret(binding),
                 .expires_at = row.expires_at};
}

Result<Taken> take_login(const OidcContext& oidc, db::Transaction& tx, const Returned& returned,
                         const Beginning& beginning) {
  auto login = store::take_oidc_login(tx, return_of(returned, beginning), oidc.clock.now());
  if (!login) return std::unexpected(login.error());
  return with_provider(tx, std::move(*login));
}

Result<Person> ask_provider(const OidcContext& oidc, const Taken& taken, const Returned& returned) {
  if (returned.code.reveal().size() > kLongestCode)
    return fail(ErrorCode::kInvalidArgument, "code: at most 8192 bytes");
  const auto stored = open_login(oidc, taken.login);
  if (!stored) return std::unexpected(stored.error());
  const store::OidcProvider& provider = taken.provider;
  const auto issuer = oidc.issuers.find(provider.issuer);
  if (!issuer) return std::unexpected(issuer.error());
  // RFC 9207: a code must not be carried from one provider to another.
  if (returned.issuer.empty() ? issuer->names_itself : returned.issuer != issuer->name) {
    return fail(ErrorCode::kUnauthenticated, "issuer: the redirect is not from this provider; start a new sign-in");
  }
  CodeGrant grant{.client_id = provider.client_id,
                  .client_secret = {},
                  .redirect_url = taken.login.redirect_url,
                  .code = returned.code,
                  .verifier = Secret(text_of(*stored, "verifier"))};
  if (!provider.sealed.empty()) {
    auto secret = oidc.vault.open(secret_context(provider.id), provider.sealed);
    if (!secret) return fail("the provider's client secret", secret.error());
    grant.client_secret = std::move(*secret);
  }
  const auto token = exchange_code(oidc.issuers, *issuer, grant);
  if (!token) return std::unexpected(token.error());
  return read_id_token(oidc.issuers, *issuer, *token,
                       {.issuer = issuer->name, .client_id = provider.client_id, .nonce = text_of(*stored, "nonce")},
                       oidc.clock.now());
}

Result<> keep_word(const OidcContext& oidc, db::Transaction& tx, const std::string& login_id, const Word& word) {
  const json::object object{{"subject", word.person.subject},
                            {"email", word.person.email},
                            {"email_verified", word.person.email_verified},
                            {"name", word.person.name},
                            {"user_id", word.user_id}};
  return store::keep_oidc_word(tx, login_id, oidc.vault.seal(context_of(login_id), Secret(json::serialize(object))),
                               static_cast<std::int32_t>(oidc.vault.newest_version()));
}

Result<Kept> find_word(const OidcContext& oidc, db::Transaction& tx, const Returned& returned) {
  auto login = store::get_verified_oidc_login(tx, return_of(returned, {}), oidc.clock.now());
  if (!login) return std::unexpected(login.error());
  auto taken = with_provider(tx, std::move(*login));
  if (!taken) return std::unexpected(taken.error());
  const auto stored = open_login(oidc, taken->login);
  if (!stored) return std::unexpected(stored.error());
  const json::value* verified = stored->if_contains("email_verified");
  if (verified == nullptr || !verified->is_bool()) return damaged();
  Word word{.person = {.subject = text_of(*stored, "subject"),
                       .email = text_of(*stored, "email"),
                       .email_verified = verified->get_bool(),
                       .name = text_of(*stored, "name")},
            .user_id = text_of(*stored, "user_id")};
  return Kept{std::move(*taken), std::move(word)};
}

}  // namespace sluice::oidc
