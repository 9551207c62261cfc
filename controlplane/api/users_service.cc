#include "controlplane/api/users_service.h"

#include "common/base/uuid.h"
#include "common/money/money.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/staff_rules.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/mail/address.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

struct RoleName {
  store::Role role;
  v1::UserRole shown;
};

constexpr RoleName kRoles[] = {
    {store::Role::kUser, v1::USER_ROLE_USER},         {store::Role::kAdmin, v1::USER_ROLE_ADMIN},
    {store::Role::kOwner, v1::USER_ROLE_OWNER},       {store::Role::kOperator, v1::USER_ROLE_OPERATOR},
    {store::Role::kFinance, v1::USER_ROLE_FINANCE},   {store::Role::kSupport, v1::USER_ROLE_SUPPORT},
    {store::Role::kReadOnly, v1::USER_ROLE_READ_ONLY}};

v1::UserRole shown(store::Role role) {
  for (const RoleName& pair : kRoles) {
    if (pair.role == role) return pair.shown;
  }
  return v1::USER_ROLE_UNSPECIFIED;
}

// Of a checked message; not set means a plain user.
Result<store::Role> role_of(v1::UserRole role) {
  if (role == v1::USER_ROLE_UNSPECIFIED) return store::Role::kUser;
  for (const RoleName& pair : kRoles) {
    if (pair.shown == role) return pair.role;
  }
  return fail(ErrorCode::kInvalidArgument, "role: there is no such role");
}

Result<> to_message(Call& call, const store::User& row, v1::User& into) {
  auto balance = billing::balance(call.tx, row.id);
  if (!balance) return std::unexpected(balance.error());
  into.set_id(row.id);
  into.set_email(row.email);
  into.set_email_verified(row.email_verified);
  into.set_display_name(row.display_name);
  into.set_role(shown(row.role));
  into.set_status(row.status == store::Status::kActive ? v1::USER_STATUS_ACTIVE : v1::USER_STATUS_DISABLED);
  into.set_concurrency(row.concurrency);
  into.set_requests_per_minute(row.requests_per_minute);
  into.set_tokens_per_minute(row.tokens_per_minute);
  into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(row.multiplier_ppm)));
  into.set_balance_usd(money::format_usd(balance->nano_usd));
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
  return {};
}

Result<> from_message(const v1::User& user, store::User& into) {
  if (Result<> fine = mail::check_address("email", user.email()); !fine) return fine;
  auto multiplier = parse_multiplier_field("multiplier", user.multiplier(), 1'000'000);
  if (!multiplier) return std::unexpected(multiplier.error());
  auto role = role_of(user.role());
  if (!role) return std::unexpected(role.error());
  if (Result<> fine = require_not_negative({{"concurrency", user.concurrency()},
                                            {"requests_per_minute", user.requests_per_minute()},
                                            {"tokens_per_minute", user.tokens_per_minute()}});
      !fine) {
    return fine;
  }
  into.email = user.email();
  into.display_name = user.display_name();
  into.role = *role;
  into.status = user.status() == v1::USER_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.concurrency = user.concurrency();
  into.requests_per_minute = user.requests_per_minute();
  into.tokens_per_minute = user.tokens_per_minute();
  into.multiplier_ppm = *multiplier;

  config::v1::User pushed;
  pushed.set_display_name(into.display_name);
  pushed.set_concurrency(static_cast<std::uint32_t>(into.concurrency));
  pushed.set_requests_per_minute(static_cast<std::uint32_t>(into.requests_per_minute));
  pushed.set_tokens_per_minute(static_cast<std::uint32_t>(into.tokens_per_minute));
  pushed.set_multiplier_ppm(static_cast<std::uint64_t>(into.multiplier_ppm));
  return resource::check(pushed);
}

Result<store::UserFilter> filter_of(const v1::ListUsersRequest& request) {
  store::UserFilter filter;
  filter.text = request.query();
  if (request.status() != v1::USER_STATUS_UNSPECIFIED) {
    filter.status = request.status() == v1::USER_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  }
  if (request.role() == v1::USER_ROLE_UNSPECIFIED) return filter;
  const auto role = role_of(request.role());
  if (!role) return std::unexpected(role.error());
  filter.role = *role;
  return filter;
}

}  // namespace

grpc::Status UserServiceImpl::ListUsers(grpc::ServerContext* context, const v1::ListUsersRequest* request,
                                        v1::ListUsersResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto filter = filter_of(*request);
    if (!filter) return std::unexpected(filter.error());
    auto page = store::list_users(call.tx, page_of(*request), *filter);
    if (!page) return std::unexpected(page.error());
    for (const store::User& row : page->rows) {
      if (Result<> filled = to_message(call, row, *response->add_users()); !filled) return filled;
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status UserServiceImpl::GetUser(grpc::ServerContext* context, const v1::GetUserRequest* request,
                                      v1::GetUserResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_user(call.tx, request->id()), "user");
    if (!row) return std::unexpected(row.error());
    return to_message(call, *row, *response->mutable_user());
  });
}

grpc::Status UserServiceImpl::CreateUser(grpc::ServerContext* context, const v1::CreateUserRequest* request,
                                         v1::CreateUserResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    store::User row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->user(), row); !valid) return valid;
    if (Result<> allowed = may_manage(call.caller, row.role); !allowed) return allowed;
    auto stored = store::insert_user(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> filled = to_message(call, *stored, *response->mutable_user()); !filled) return filled;
    return call.audit("user.create", "user", stored->id, nullptr, &response->user());
  });
}

grpc::Status UserServiceImpl::UpdateUser(grpc::ServerContext* context, const v1::UpdateUserRequest* request,
                                         v1::UpdateUserResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_user(call.tx, request->user().id()), "user");
    if (!row) return std::unexpected(row.error());
    if (Result<> allowed = may_manage(call.caller, row->role); !allowed) return allowed;
    auto revision = revision_of(request->user().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::User before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    v1::User wanted = before;
    if (Result<> merged = merge(request->user(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    if (Result<> allowed = may_manage(call.caller, row->role); !allowed) return allowed;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_user(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> filled = to_message(call, *stored, *response->mutable_user()); !filled) return filled;
    return call.audit("user.update", "user", stored->id, &before, &response->user());
  });
}

grpc::Status UserServiceImpl::DeleteUser(grpc::ServerContext* context, const v1::DeleteUserRequest* request,
                                         v1::DeleteUserResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_user(call.tx, request->id()), "user");
    if (!row) return std::unexpected(row.error());
    if (Result<> allowed = may_manage(call.caller, row->role); !allowed) return allowed;
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::User before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    auto deleted = store::delete_user(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("user.delete", "user", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
