#include "controlplane/api/admin_tokens_service.h"

#include "common/base/random.h"
#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/admin_tokens.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kRandomLength = 43;  // base62: 256 bits

void to_message(const store::AdminToken& row, v1::AdminToken& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_name(row.name);
  into.set_last4(row.last4);
  if (row.expires_at) set_time(into.mutable_expires_at(), *row.expires_at);
  if (row.last_used_at) set_time(into.mutable_last_used_at(), *row.last_used_at);
  set_time(into.mutable_created_at(), row.created_at);
}

}  // namespace

grpc::Status AdminTokenServiceImpl::ListAdminTokens(grpc::ServerContext* context,
                                                    const v1::ListAdminTokensRequest* request,
                                                    v1::ListAdminTokensResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    store::AdminTokenFilter filter;
    if (!request->user_id().empty()) filter.user_id = request->user_id();
    auto page = store::list_admin_tokens(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::AdminToken& row : page->rows)
      to_message(row, *response->add_admin_tokens());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AdminTokenServiceImpl::CreateAdminToken(grpc::ServerContext* context,
                                                     const v1::CreateAdminTokenRequest* request,
                                                     v1::CreateAdminTokenResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    const v1::AdminToken& wanted = request->admin_token();
    auto user = live(store::get_user(call.tx, wanted.user_id()), "user");
    if (!user) return std::unexpected(user.error());
    if (user->role != store::Role::kAdmin) {
      return fail(ErrorCode::kInvalidArgument, "user_id: must be a user with the role admin");
    }
    const Secret token("sluice-admin-" + random_base62(kRandomLength));
    store::AdminToken row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.user_id = user->id;
    row.name = wanted.name();
    row.token_hash = crypto::token_hash(token.reveal());
    row.last4 = std::string(token.reveal().substr(token.reveal().size() - 4));
    if (wanted.has_expires_at()) row.expires_at = to_time(wanted.expires_at());
    auto stored = store::insert_admin_token(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_admin_token());
    response->set_secret(std::string(token.reveal()));
    return call.audit("admin_token.create", "admin_token", stored->id, nullptr, &response->admin_token());
  });
}

grpc::Status AdminTokenServiceImpl::DeleteAdminToken(grpc::ServerContext* context,
                                                     const v1::DeleteAdminTokenRequest* request,
                                                     v1::DeleteAdminTokenResponse* /*response*/) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto revoked = store::revoke_admin_token(call.tx, request->id(), call.clock.now());
    if (!revoked) return std::unexpected(revoked.error());
    return call.audit("admin_token.revoke", "admin_token", request->id(), nullptr, nullptr);
  });
}

}  // namespace sluice::api
