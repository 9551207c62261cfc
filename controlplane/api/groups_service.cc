#include "controlplane/api/groups_service.h"

#include "common/base/uuid.h"
#include "common/money/money.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/groups.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::Group& row, v1::Group& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_status(row.status == store::Status::kActive ? v1::GROUP_STATUS_ACTIVE : v1::GROUP_STATUS_DISABLED);
  into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(row.multiplier_ppm)));
  into.set_interruption_policy(row.interruption == store::Interruption::kDrain ? v1::GROUP_INTERRUPTION_POLICY_DRAIN
                                                                               : v1::GROUP_INTERRUPTION_POLICY_CANCEL);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> from_message(const v1::Group& group, store::Group& into) {
  if (Result<> given = require("name", group.name()); !given) return given;
  auto multiplier = parse_multiplier_field("multiplier", group.multiplier(), 1'000'000);
  if (!multiplier) return std::unexpected(multiplier.error());
  const bool drain = group.interruption_policy() == v1::GROUP_INTERRUPTION_POLICY_DRAIN;
  into.name = group.name();
  into.status = group.status() == v1::GROUP_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.multiplier_ppm = *multiplier;
  into.interruption = drain ? store::Interruption::kDrain : store::Interruption::kCancel;

  config::v1::Group pushed;
  pushed.set_display_name(into.name);
  pushed.set_multiplier_ppm(static_cast<std::uint64_t>(into.multiplier_ppm));
  pushed.set_interruption_policy(drain ? config::v1::INTERRUPTION_POLICY_DRAIN
                                       : config::v1::INTERRUPTION_POLICY_CANCEL);
  return resource::check(pushed);
}

}  // namespace

grpc::Status GroupServiceImpl::ListGroups(grpc::ServerContext* context, const v1::ListGroupsRequest* request,
                                          v1::ListGroupsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = store::list_groups(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::Group& row : page->rows)
      to_message(row, *response->add_groups());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status GroupServiceImpl::GetGroup(grpc::ServerContext* context, const v1::GetGroupRequest* request,
                                        v1::GetGroupResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_group(call.tx, request->id()), "group");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_group());
    return {};
  });
}

grpc::Status GroupServiceImpl::CreateGroup(grpc::ServerContext* context, const v1::CreateGroupRequest* request,
                                           v1::CreateGroupResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    store::Group row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->group(), row); !valid) return valid;
    auto stored = store::insert_group(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_group());
    return call.audit("group.create", "group", stored->id, nullptr, &response->group());
  });
}

grpc::Status GroupServiceImpl::UpdateGroup(grpc::ServerContext* context, const v1::UpdateGroupRequest* request,
                                           v1::UpdateGroupResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_group(call.tx, request->group().id()), "group");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->group().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Group before;
    to_message(*row, before);
    v1::Group wanted = before;
    if (Result<> merged = merge(request->group(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_group(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_group());
    return call.audit("group.update", "group", stored->id, &before, &response->group());
  });
}

grpc::Status GroupServiceImpl::DeleteGroup(grpc::ServerContext* context, const v1::DeleteGroupRequest* request,
                                           v1::DeleteGroupResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_group(call.tx, request->id()), "group");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Group before;
    to_message(*row, before);
    auto deleted = store::delete_group(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("group.delete", "group", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
