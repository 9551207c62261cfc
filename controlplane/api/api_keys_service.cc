#include "controlplane/api/api_keys_service.h"

#include "common/base/uuid.h"
#include "common/crypto/api_key_format.h"
#include "controlplane/api/api_key_messages.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/api_keys.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::chrono::seconds kLongestOverlap{30 * 24 * 3600};

// To whom it does not belong, there is no such key.
Result<store::ApiKey> visible_key(Call& call, const std::string& id) {
  auto row = live(store::get_api_key(call.tx, id), "API key");
  if (row && !call.sees(row->user_id)) return fail(ErrorCode::kNotFound, "no API key with the id " + id);
  return row;
}

}  // namespace

grpc::Status ApiKeyServiceImpl::ListApiKeys(grpc::ServerContext* context, const v1::ListApiKeysRequest* request,
                                            v1::ListApiKeysResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    store::ApiKeyFilter filter;
    if (!request->user_id().empty()) filter.user_id = request->user_id();
    if (!request->group_id().empty()) filter.group_id = request->group_id();
    if (request->status() != v1::API_KEY_STATUS_UNSPECIFIED) {
      filter.status =
          request->status() == v1::API_KEY_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
    }
    filter.text = request->query();
    auto page = store::list_api_keys(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::ApiKey& row : page->rows) {
      if (Result<> filled = to_message(call, row, *response->add_api_keys()); !filled) return filled;
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status ApiKeyServiceImpl::GetApiKey(grpc::ServerContext* context, const v1::GetApiKeyRequest* request,
                                          v1::GetApiKeyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = visible_key(call, request->id());
    if (!row) return std::unexpected(row.error());
    return to_message(call, *row, *response->mutable_api_key());
  });
}

grpc::Status ApiKeyServiceImpl::CreateApiKey(grpc::ServerContext* context, const v1::CreateApiKeyRequest* request,
                                             v1::CreateApiKeyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const v1::ApiKey& wanted = request->api_key();
    if (Result<> given = require("user_id", wanted.user_id()); !given) return given;
    store::ApiKey row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.user_id = wanted.user_id();
    const Result<Secret> key = new_key(request->secret(), row);
    if (!key) return std::unexpected(key.error());
    if (Result<> valid = from_message(wanted, row); !valid) return valid;
    auto stored = store::insert_api_key(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> filled = to_message(call, *stored, *response->mutable_api_key()); !filled) return filled;
    response->set_secret(std::string(key->reveal()));
    return call.audit("api_key.create", "api_key", stored->id, nullptr, &response->api_key());
  });
}

grpc::Status ApiKeyServiceImpl::UpdateApiKey(grpc::ServerContext* context, const v1::UpdateApiKeyRequest* request,
                                             v1::UpdateApiKeyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = visible_key(call, request->api_key().id());
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->api_key().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::ApiKey before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    v1::ApiKey wanted = before;
    if (Result<> merged = merge(request->api_key(), request->update_mask(), wanted); !merged) return merged;
    if (wanted.user_id() != row->user_id) {
      return fail(ErrorCode::kInvalidArgument, "user_id: a key keeps its owner; create a new key instead");
    }
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_api_key(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> filled = to_message(call, *stored, *response->mutable_api_key()); !filled) return filled;
    return call.audit("api_key.update", "api_key", stored->id, &before, &response->api_key());
  });
}

Result<Secret> ApiKeyServiceImpl::new_key(std::string_view given, store::ApiKey& row) const {
  Result<crypto::NewApiKey> made = given.empty() ? crypto::generate_api_key() : crypto::adopt_api_key(given);
  if (!made) return std::unexpected(made.error());
  const crypto::ApiKeyHash hash = hasher_.hash(made->key.reveal());
  row.public_id = made->public_id;
  row.last4 = made->last4;
  row.key_hmac.assign(hash.begin(), hash.end());
  return std::move(made->key);
}

grpc::Status ApiKeyServiceImpl::RotateApiKey(grpc::ServerContext* context, const v1::RotateApiKeyRequest* request,
                                             v1::RotateApiKeyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (request->overlap_seconds() < 0 || request->overlap_seconds() > kLongestOverlap.count()) {
      return fail(ErrorCode::kInvalidArgument, "overlap_seconds: 0 to 2,592,000");
    }
    auto row = visible_key(call, request->id());
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::ApiKey before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    const Result<Secret> key = new_key(request->secret(), *row);
    if (!key) return std::unexpected(key.error());
    row->revision = revision->value_or(row->revision);
    row->previous_until.reset();
    if (request->overlap_seconds() > 0) {
      row->previous_until = call.clock.now() + std::chrono::seconds(request->overlap_seconds());
    }
    auto stored = store::replace_api_key(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> filled = to_message(call, *stored, *response->mutable_api_key()); !filled) return filled;
    response->set_secret(std::string(key->reveal()));
    return call.audit("api_key.rotate", "api_key", stored->id, &before, &response->api_key());
  });
}

grpc::Status ApiKeyServiceImpl::DeleteApiKey(grpc::ServerContext* context, const v1::DeleteApiKeyRequest* request,
                                             v1::DeleteApiKeyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = visible_key(call, request->id());
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::ApiKey before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    auto deleted = store::delete_api_key(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("api_key.delete", "api_key", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
