#include "controlplane/api/admin_tokens_service.h"

#include "common/base/random.h"
#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/staff_rules.h"
#include "controlplane/identity/roles.h"
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
  if (row.scopes) into.mutable_scopes()->Add(row.scopes->begin(), row.scopes->end());
}

// What the token may do at most, given to `row` if it is less than what its user may.
Result<identity::Scopes> scopes_of(const v1::AdminToken& wanted, const store::User& user, store::AdminToken& row) {
  const identity::Scopes of_user = identity::scopes_of(user.role);
  if (wanted.scopes().empty()) return of_user;
  const std::vector<std::string> names(wanted.scopes().begin(), wanted.scopes().end());
  auto scopes = identity::Scopes::parse(names);
  if (!scopes) return scopes;
  if (!of_user.covers(*scopes)) {
    return fail(ErrorCode::kInvalidArgument, "scopes: the user of the token does not have all of them");
  }
  row.scopes = scopes->list();
  return scopes;
}

}  // namespace

grpc::Status AdminTokenServiceImpl::ListAdminTokens(grpc::ServerContext* context,
                                                    const v1::ListAdminTokensRequest* request,
                                                    v1::ListAdminTokensResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const v1::AdminToken& wanted = request->admin_token();
    auto user = live(store::get_user(call.tx, wanted.user_id()), "user");
    if (!user) return std::unexpected(user.error());
    const Secret token("sluice-admin-" + random_base62(kRandomLength));
    store::AdminToken row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.user_id = user->id;
    row.name = wanted.name();
    row.token_hash = crypto::token_hash(token.reveal());
    row.last4 = std::string(token.reveal().substr(token.reveal().size() - 4));
    const auto scopes = scopes_of(wanted, *user, row);
    if (!scopes) return std::unexpected(scopes.error());
    if (Result<> allowed = may_give(call.caller, *scopes); !allowed) return allowed;
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
                                                     v1::DeleteAdminTokenResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto found = store::get_admin_token(call.tx, request->id());
    if (!found) return std::unexpected(found.error());
    if (!call.sees(found->user_id)) return fail(ErrorCode::kNotFound, "there is no admin token with this id");
    auto revoked = store::revoke_admin_token(call.tx, request->id(), call.clock.now());
    if (!revoked) return std::unexpected(revoked.error());
    return call.audit("admin_token.revoke", "admin_token", request->id(), nullptr, nullptr);
  });
}

}  // namespace sluice::api
