#include "controlplane/api/api_keys_service.h"

#include "common/base/uuid.h"
#include "common/crypto/api_key_format.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/api_keys.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMaxName = 200;

void to_message(const store::ApiKey& row, v1::ApiKey& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_group_id(row.group_id);
  into.set_name(row.name);
  into.set_status(row.status == store::Status::kActive ? v1::API_KEY_STATUS_ACTIVE : v1::API_KEY_STATUS_DISABLED);
  into.set_public_id(row.public_id);
  into.set_last4(row.last4);
  if (row.expires_at) set_time(into.mutable_expires_at(), *row.expires_at);
  if (row.last_used_at) set_time(into.mutable_last_used_at(), *row.last_used_at);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

// What may change: never the key, never its owner.
Result<> from_message(const v1::ApiKey& key, store::ApiKey& into) {
  if (Result<> given = require("group_id", key.group_id()); !given) return given;
  if (key.name().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  into.group_id = key.group_id();
  into.name = key.name();
  into.status = key.status() == v1::API_KEY_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.expires_at.reset();
  if (key.has_expires_at()) into.expires_at = to_time(key.expires_at());
  return {};
}

}  // namespace

grpc::Status ApiKeyServiceImpl::ListApiKeys(grpc::ServerContext* context, const v1::ListApiKeysRequest* request,
                                            v1::ListApiKeysResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    store::ApiKeyFilter filter;
    if (!request->user_id().empty()) filter.user_id = request->user_id();
    if (!request->group_id().empty()) filter.group_id = request->group_id();
    auto page = store::list_api_keys(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::ApiKey& row : page->rows)
      to_message(row, *response->add_api_keys());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status ApiKeyServiceImpl::GetApiKey(grpc::ServerContext* context, const v1::GetApiKeyRequest* request,
                                          v1::GetApiKeyResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_api_key(call.tx, request->id()), "API key");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_api_key());
    return {};
  });
}

grpc::Status ApiKeyServiceImpl::CreateApiKey(grpc::ServerContext* context, const v1::CreateApiKeyRequest* request,
                                             v1::CreateApiKeyResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    const v1::ApiKey& wanted = request->api_key();
    if (Result<> given = require("user_id", wanted.user_id()); !given) return given;
    const crypto::NewApiKey made = crypto::generate_api_key();
    const crypto::ApiKeyHash hash = hasher_.hash(made.key.reveal());
    store::ApiKey row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.user_id = wanted.user_id();
    row.public_id = made.public_id;
    row.last4 = made.last4;
    row.key_hmac.assign(hash.begin(), hash.end());
    if (Result<> valid = from_message(wanted, row); !valid) return valid;
    auto stored = store::insert_api_key(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_api_key());
    response->set_secret(std::string(made.key.reveal()));
    return call.audit("api_key.create", "api_key", stored->id, nullptr, &response->api_key());
  });
}

grpc::Status ApiKeyServiceImpl::UpdateApiKey(grpc::ServerContext* context, const v1::UpdateApiKeyRequest* request,
                                             v1::UpdateApiKeyResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_api_key(call.tx, request->api_key().id()), "API key");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->api_key().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::ApiKey before;
    to_message(*row, before);
    v1::ApiKey wanted = before;
    if (Result<> merged = merge(request->api_key(), request->update_mask(), wanted); !merged) return merged;
    if (wanted.user_id() != row->user_id) {
      return fail(ErrorCode::kInvalidArgument, "user_id: a key keeps its owner; create a new key instead");
    }
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_api_key(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_api_key());
    return call.audit("api_key.update", "api_key", stored->id, &before, &response->api_key());
  });
}

grpc::Status ApiKeyServiceImpl::DeleteApiKey(grpc::ServerContext* context, const v1::DeleteApiKeyRequest* request,
                                             v1::DeleteApiKeyResponse* /*response*/) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_api_key(call.tx, request->id()), "API key");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::ApiKey before;
    to_message(*row, before);
    auto deleted = store::delete_api_key(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("api_key.delete", "api_key", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
