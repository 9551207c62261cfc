#include "controlplane/api/oauth_clients_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/oauth_client_messages.h"

namespace sluice::api {

namespace v1 = admin::v1;

// `into` is the row as it is stored, with its id. A stored secret stays only where it was meant to go.
Result<> OAuthClientServiceImpl::from_message(const v1::OAuthClient& client, store::OAuthClient& into) const {
  const bool moves = !into.sealed.empty() && client.client_secret().empty() && client.token_url() != into.token_url;
  if (moves) return fail(ErrorCode::kInvalidArgument, "client_secret: give it again with another token_url");
  if (Result<> valid = read_oauth_client(client, into); !valid) return valid;
  if (Result<> allowed = check_endpoints(into, vault_.guard); !allowed) return allowed;
  if (client.client_secret().empty()) return {};
  if (client.client_secret().size() > 4'096) {
    return fail(ErrorCode::kInvalidArgument, "client_secret: at most 4096 bytes");
  }
  into.sealed = vault_.vault.seal("oauth_clients|" + into.id + "|sealed", Secret(client.client_secret()));
  into.key_version = static_cast<std::int32_t>(vault_.vault.newest_version());
  return {};
}

grpc::Status OAuthClientServiceImpl::ListOAuthClients(grpc::ServerContext* context,
                                                      const v1::ListOAuthClientsRequest* request,
                                                      v1::ListOAuthClientsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = store::list_oauth_clients(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::OAuthClient& row : page->rows)
      to_message(row, *response->add_oauth_clients());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status OAuthClientServiceImpl::GetOAuthClient(grpc::ServerContext* context,
                                                    const v1::GetOAuthClientRequest* request,
                                                    v1::GetOAuthClientResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto row = live(store::get_oauth_client(call.tx, request->id()), "OAuth client");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_oauth_client());
    return {};
  });
}

grpc::Status OAuthClientServiceImpl::CreateOAuthClient(grpc::ServerContext* context,
                                                       const v1::CreateOAuthClientRequest* request,
                                                       v1::CreateOAuthClientResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    store::OAuthClient row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.key_version = static_cast<std::int32_t>(vault_.vault.newest_version());
    if (Result<> valid = from_message(request->oauth_client(), row); !valid) return valid;
    auto stored = store::insert_oauth_client(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_oauth_client());
    return call.audit("oauth_client.create", "oauth_client", stored->id, nullptr, &response->oauth_client());
  });
}

grpc::Status OAuthClientServiceImpl::UpdateOAuthClient(grpc::ServerContext* context,
                                                       const v1::UpdateOAuthClientRequest* request,
                                                       v1::UpdateOAuthClientResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto row = live(store::get_oauth_client(call.tx, request->oauth_client().id()), "OAuth client");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->oauth_client().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::OAuthClient before;
    to_message(*row, before);
    v1::OAuthClient wanted = before;
    if (Result<> merged = merge(request->oauth_client(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_oauth_client(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> again = store::retry_grants_of(call.tx, stored->id, call.clock.now()); !again) return again;
    to_message(*stored, *response->mutable_oauth_client());
    return call.audit("oauth_client.update", "oauth_client", stored->id, &before, &response->oauth_client());
  });
}

grpc::Status OAuthClientServiceImpl::DeleteOAuthClient(grpc::ServerContext* context,
                                                       const v1::DeleteOAuthClientRequest* request,
                                                       v1::DeleteOAuthClientResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_oauth_client(call.tx, request->id()), "OAuth client");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::OAuthClient before;
    to_message(*row, before);
    auto deleted = store::delete_oauth_client(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("oauth_client.delete", "oauth_client", request->id(), &before, nullptr);
  });
}

grpc::Status OAuthClientServiceImpl::ListOAuthPresets(grpc::ServerContext* context,
                                                      const v1::ListOAuthPresetsRequest* request,
                                                      v1::ListOAuthPresetsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& /*call*/) -> Result<> {
    response->Clear();
    add_presets(*response);
    return {};
  });
}

}  // namespace sluice::api
