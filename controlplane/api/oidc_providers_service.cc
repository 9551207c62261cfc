#include "controlplane/api/oidc_providers_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/oidc_messages.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kLongestSecret = 4'096;

}  // namespace

Result<> OidcProviderServiceImpl::from_message(const v1::OidcProvider& provider, store::OidcProvider& into) const {
  if (Result<> valid = read_oidc_provider(provider, into); !valid) return valid;
  if (into.issuer.empty()) {
    if (Result<> given = require("issuer", provider.issuer()); !given) return given;
    if (provider.issuer().find('?') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "issuer: must be a URL without a query");
    }
    if (Result<> fine = oidc::check_url("issuer", provider.issuer()); !fine) return fine;
    // Checked again where it is dialed.
    if (const auto allowed = guard_.check(provider.issuer()); !allowed) return fail("issuer", allowed.error());
    into.issuer = provider.issuer();
  } else if (provider.issuer() != into.issuer) {
    // Whoever changed it could name any subject, and come in as its user.
    return fail(ErrorCode::kInvalidArgument, "issuer: cannot be changed, identities are its; make another provider");
  }
  if (provider.client_secret().empty()) return {};
  if (provider.client_secret().size() > kLongestSecret) {
    return fail(ErrorCode::kInvalidArgument, "client_secret: at most 4096 bytes");
  }
  into.sealed = admin_.vault.seal(oidc::secret_context(into.id), Secret(provider.client_secret()));
  into.key_version = static_cast<std::int32_t>(admin_.vault.newest_version());
  return {};
}

grpc::Status OidcProviderServiceImpl::ListOidcProviders(grpc::ServerContext* context,
                                                        const v1::ListOidcProvidersRequest* request,
                                                        v1::ListOidcProvidersResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto redirect = oidc::redirect_url(call.tx);
    if (!redirect) return std::unexpected(redirect.error());
    auto page = store::list_oidc_providers(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::OidcProvider& row : page->rows)
      to_message(row, *redirect, *response->add_oidc_providers());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status OidcProviderServiceImpl::GetOidcProvider(grpc::ServerContext* context,
                                                      const v1::GetOidcProviderRequest* request,
                                                      v1::GetOidcProviderResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto redirect = oidc::redirect_url(call.tx);
    if (!redirect) return std::unexpected(redirect.error());
    const auto row = live(store::get_oidc_provider(call.tx, request->id()), "OIDC provider");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *redirect, *response->mutable_oidc_provider());
    return {};
  });
}

grpc::Status OidcProviderServiceImpl::CreateOidcProvider(grpc::ServerContext* context,
                                                         const v1::CreateOidcProviderRequest* request,
                                                         v1::CreateOidcProviderResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto redirect = oidc::redirect_url(call.tx);
    if (!redirect) return std::unexpected(redirect.error());
    store::OidcProvider row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.key_version = static_cast<std::int32_t>(admin_.vault.newest_version());
    if (Result<> valid = from_message(request->oidc_provider(), row); !valid) return valid;
    const auto stored = store::insert_oidc_provider(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *redirect, *response->mutable_oidc_provider());
    return call.audit("oidc_provider.create", "oidc_provider", stored->id, nullptr, &response->oidc_provider());
  });
}

grpc::Status OidcProviderServiceImpl::UpdateOidcProvider(grpc::ServerContext* context,
                                                         const v1::UpdateOidcProviderRequest* request,
                                                         v1::UpdateOidcProviderResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto redirect = oidc::redirect_url(call.tx);
    if (!redirect) return std::unexpected(redirect.error());
    auto row = live(store::get_oidc_provider(call.tx, request->oidc_provider().id()), "OIDC provider");
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->oidc_provider().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::OidcProvider before;
    to_message(*row, *redirect, before);
    v1::OidcProvider wanted = before;
    if (Result<> merged = merge(request->oidc_provider(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    const auto stored = store::update_oidc_provider(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *redirect, *response->mutable_oidc_provider());
    return call.audit("oidc_provider.update", "oidc_provider", stored->id, &before, &response->oidc_provider());
  });
}

grpc::Status OidcProviderServiceImpl::DeleteOidcProvider(grpc::ServerContext* context,
                                                         const v1::DeleteOidcProviderRequest* request,
                                                         v1::DeleteOidcProviderResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = live(store::get_oidc_provider(call.tx, request->id()), "OIDC provider");
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::OidcProvider before;
    to_message(*row, "", before);
    const auto deleted = store::delete_oidc_provider(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("oidc_provider.delete", "oidc_provider", request->id(), &before, nullptr);
  });
}

grpc::Status OidcProviderServiceImpl::TestOidcProvider(grpc::ServerContext* context,
                                                       const v1::TestOidcProviderRequest* request,
                                                       v1::TestOidcProviderResponse* response) {
  std::string issuer;
  grpc::Status found = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = live(store::get_oidc_provider(call.tx, request->id()), "OIDC provider");
    if (!row) return std::unexpected(row.error());
    issuer = row->issuer;
    return {};
  });
  if (!found.ok()) return found;
  const auto read = oidc_.issuers.find(issuer, true);
  if (!read) return to_status(read.error());
  const auto keys = oidc_.issuers.keys(*read, true);
  if (!keys) return to_status(keys.error());
  response->set_authorization_endpoint(read->authorization_endpoint);
  response->set_token_endpoint(read->token_endpoint);
  response->set_jwks_url(read->keys_url);
  response->set_usable_keys(static_cast<std::int32_t>((*keys)->size()));
  return found;
}

}  // namespace sluice::api
