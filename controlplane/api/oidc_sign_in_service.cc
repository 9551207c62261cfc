#include "controlplane/api/oidc_sign_in_service.h"

#include <fmt/format.h>

#include <utility>

#include "controlplane/api/convert.h"
#include "controlplane/api/identity_notice.h"
#include "controlplane/api/oidc_messages.h"
#include "controlplane/api/session_messages.h"
#include "controlplane/identity/second_factor.h"
#include "controlplane/store/login_attempts.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

// Strangers make rows of the database with it.
constexpr store::AttemptLimit kBeginnings{.burst = 60, .per_one = std::chrono::seconds(5)};

Result<> count_beginning(Call& call, const std::string& network) {
  if (network.empty()) return {};
  const auto wait = store::take_attempt(call.tx, fmt::format("oidc_begin|{}", network), kBeginnings, call.clock.now());
  if (!wait) return std::unexpected(wait.error());
  if (!*wait) return {};
  return fail(ErrorCode::kResourceExhausted,
              fmt::format("too many sign-ins were begun: try again in {} seconds", (*wait)->count()));
}

oidc::Returned returned_in(const v1::FinishOidcSignInRequest& request) {
  return {.state = Secret(request.state()),
          .binding = Secret(request.binding()),
          .code = Secret(request.code()),
          .issuer = request.issuer()};
}

}  // namespace

grpc::Status OidcSignInServiceImpl::ListOidcSignInProviders(grpc::ServerContext* context,
                                                            const v1::ListOidcSignInProvidersRequest* request,
                                                            v1::ListOidcSignInProvidersResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto all = store::open_oidc_providers(call.tx);
    if (!all) return std::unexpected(all.error());
    for (const store::OidcProvider& row : *all) {
      v1::OidcSignInProvider& button = *response->add_providers();
      button.set_slug(row.slug);
      button.set_display_name(row.display_name);
    }
    return {};
  });
}

grpc::Status OidcSignInServiceImpl::BeginOidcSignIn(grpc::ServerContext* context,
                                                    const v1::BeginOidcSignInRequest* request,
                                                    v1::BeginOidcSignInResponse* response) {
  store::OidcProvider provider;
  const grpc::Status found = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> may = count_beginning(call, client_of(*context).network); !may) return may;
    auto row = store::find_oidc_provider(call.tx, request->slug());
    if (!row) return std::unexpected(row.error());
    provider = std::move(*row);
    return {};
  });
  if (!found.ok()) return found;
  const auto issuer = oidc_.issuers.find(provider.issuer);
  if (!issuer) return to_status(provider_failed(provider.slug, issuer.error()));
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto started = oidc::start_login(oidc_, call.tx, provider, *issuer, {});
    if (!started) return std::unexpected(started.error());
    response->set_authorization_url(started->authorization_url);
    response->set_state(std::string(started->state.reveal()));
    response->set_binding(std::string(started->binding.reveal()));
    set_time(response->mutable_expires_at(), started->expires_at);
    return {};
  });
}

Result<SignedIn> OidcSignInServiceImpl::enter(Call& call, const oidc::Taken& taken, const oidc::Person& person,
                                              oidc::Known& known, const SignIn& sign_in) const {
  const bool is_new = known.user.id.empty();
  const bool was_linked = known.identity && known.identity->user_id == known.user.id && !is_new;
  const auto identity = oidc::let_in(oidc_, call.tx, taken.provider, person, known);
  if (!identity) return std::unexpected(identity.error());
  call.actor = known.user.id;
  if (is_new) {
    v1::Identity shown;
    to_message(*identity, shown);
    if (Result<> kept = call.audit("user.create_by_identity", "user", known.user.id, nullptr, &shown); !kept) {
      return std::unexpected(kept.error());
    }
  } else if (!was_linked) {
    if (Result<> noted = note_linked(call, admin_.vault, *identity); !noted) return std::unexpected(noted.error());
  }
  SignIn asked = sign_in;
  asked.user_id = known.user.id;
  return begin_session(call, admin_.vault, asked);
}

grpc::Status OidcSignInServiceImpl::finish_first(grpc::ServerContext& context,
                                                 const v1::FinishOidcSignInRequest& request,
                                                 v1::FinishOidcSignInResponse& response, SignedIn& done) const {
  const oidc::Returned returned = returned_in(request);
  oidc::Taken taken;
  grpc::Status status = run(admin_, &context, request, response, [&](Call& call) -> Result<> {
    auto row = oidc::take_login(oidc_, call.tx, returned, {});
    if (!row) return std::unexpected(row.error());
    taken = std::move(*row);
    return {};
  });
  if (!status.ok()) return status;
  const auto person = oidc::ask_provider(oidc_, taken, returned);
  if (!person) return to_status(provider_failed(taken.provider.slug, person.error()));
  const auto body = [&](Call& call) -> Result<> {
    auto known = oidc::who_is(call.tx, taken.provider, *person);
    if (!known) return std::unexpected(known.error());
    if (!known->user.id.empty()) {
      const auto second = identity::has_second_factor(call.tx, known->user.id);
      if (!second) return std::unexpected(second.error());
      done.second_factor_needed = *second;
      if (*second) return oidc::keep_word(oidc_, call.tx, taken.login.id, {*person, known->user.id});
    }
    auto began = enter(call, taken, *person, *known, {.user_id = {}, .code = {}, .client = client_of(context)});
    if (!began) return std::unexpected(began.error());
    if (Result<> dropped = store::drop_oidc_login(call.tx, taken.login.id); !dropped) return dropped;
    done = std::move(*began);
    return {};
  };
  status = run(admin_, &context, request, response, body);
  // The same stranger came in by another sign-in at the same moment: now he is known.
  if (status.error_code() != grpc::StatusCode::ALREADY_EXISTS) return status;
  return run(admin_, &context, request, response, body);
}

grpc::Status OidcSignInServiceImpl::finish_second(grpc::ServerContext& context,
                                                  const v1::FinishOidcSignInRequest& request,
                                                  v1::FinishOidcSignInResponse& response, SignedIn& done) const {
  const oidc::Returned returned = returned_in(request);
  const identity::ClientInfo client = client_of(context);
  identity::Attempt attempt;
  // In a transaction of its own: a wrong code stays counted.
  grpc::Status status = run(admin_, &context, request, response, [&](Call& call) -> Result<> {
    const auto kept = oidc::find_word(oidc_, call.tx, returned);
    if (!kept) return std::unexpected(kept.error());
    auto counted =
        identity::count_attempt(call.tx, call.clock, kept->word.user_id, kept->word.person.email, client.network);
    if (!counted) return std::unexpected(counted.error());
    attempt = std::move(*counted);
    return {};
  });
  if (!status.ok()) return status;
  return run(admin_, &context, request, response, [&](Call& call) -> Result<> {
    const auto kept = oidc::find_word(oidc_, call.tx, returned);
    if (!kept) return std::unexpected(kept.error());
    // As it is now: he may have been disabled, or made one of the staff.
    auto known = oidc::who_is(call.tx, kept->taken.provider, kept->word.person);
    if (!known) return std::unexpected(known.error());
    if (known->user.id != kept->word.user_id) {
      return fail(ErrorCode::kFailedPrecondition, "the account was changed meanwhile: start a new sign-in");
    }
    auto began = enter(call, kept->taken, kept->word.person, *known,
                       {.user_id = {}, .code = request.second_factor_code(), .client = client, .attempt = attempt});
    if (!began) return std::unexpected(began.error());
    if (Result<> ended = store::end_verified_oidc_login(call.tx, kept->taken.login.id); !ended) return ended;
    done = std::move(*began);
    return {};
  });
}

grpc::Status OidcSignInServiceImpl::FinishOidcSignIn(grpc::ServerContext* context,
                                                     const v1::FinishOidcSignInRequest* request,
                                                     v1::FinishOidcSignInResponse* response) {
  if (request->code().empty() == request->second_factor_code().empty()) {
    return to_status({ErrorCode::kInvalidArgument, "code: give it first, and second_factor_code alone when asked"});
  }
  SignedIn done;
  grpc::Status status = request->second_factor_code().empty() ? finish_first(*context, *request, *response, done)
                                                              : finish_second(*context, *request, *response, done);
  if (status.ok()) hand_over(*context, done, request->return_token(), *response);
  return status;
}

}  // namespace sluice::api
