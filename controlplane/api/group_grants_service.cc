#include "controlplane/api/group_grants_service.h"

#include "common/base/uuid.h"
#include "common/money/money.h"
#include "common/resource/limits.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/group_grants.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::GroupGrant& row, v1::GroupGrant& into) {
  into.set_user_id(row.user_id);
  into.set_group_id(row.group_id);
  if (row.multiplier_ppm) {
    into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(*row.multiplier_ppm)));
  }
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> from_message(const v1::GroupGrant& grant, store::GroupGrant& into) {
  if (Result<> given = require("user_id", grant.user_id()); !given) return given;
  if (Result<> given = require("group_id", grant.group_id()); !given) return given;
  into.user_id = grant.user_id();
  into.group_id = grant.group_id();
  if (grant.multiplier().empty()) return {};
  const auto multiplier = parse_multiplier_field("multiplier", grant.multiplier(), 0);
  if (!multiplier) return std::unexpected(multiplier.error());
  if (static_cast<std::uint64_t>(*multiplier) > resource::kMaxMultiplierPpm) {
    return fail(ErrorCode::kInvalidArgument, "multiplier: at most 1000");
  }
  into.multiplier_ppm = *multiplier;
  return {};
}

}  // namespace

grpc::Status GroupGrantServiceImpl::ListGroupGrants(grpc::ServerContext* context,
                                                    const v1::ListGroupGrantsRequest* request,
                                                    v1::ListGroupGrantsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    store::GroupGrantFilter filter;
    if (!request->user_id().empty()) filter.user_id = request->user_id();
    if (!request->group_id().empty()) filter.group_id = request->group_id();
    const auto page = store::list_grants(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::GroupGrant& row : page->rows)
      to_message(row, *response->add_group_grants());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status GroupGrantServiceImpl::PutGroupGrant(grpc::ServerContext* context, const v1::PutGroupGrantRequest* request,
                                                  v1::PutGroupGrantResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    store::GroupGrant row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->group_grant(), row); !valid) return valid;
    v1::GroupGrant before;
    const auto held = store::get_grant(call.tx, row.user_id, row.group_id);
    if (!held && held.error().code != ErrorCode::kNotFound) return std::unexpected(held.error());
    if (held) to_message(*held, before);
    const auto stored = store::put_grant(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_group_grant());
    return call.audit("group_grant.put", "user", row.user_id, held ? &before : nullptr, &response->group_grant());
  });
}

grpc::Status GroupGrantServiceImpl::DeleteGroupGrant(grpc::ServerContext* context,
                                                     const v1::DeleteGroupGrantRequest* request,
                                                     v1::DeleteGroupGrantResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto held = store::get_grant(call.tx, request->user_id(), request->group_id());
    if (!held) return std::unexpected(held.error());
    v1::GroupGrant before;
    to_message(*held, before);
    if (Result<> gone = store::delete_grant(call.tx, request->user_id(), request->group_id()); !gone) return gone;
    return call.audit("group_grant.delete", "user", request->user_id(), &before, nullptr);
  });
}

}  // namespace sluice::api
