#include "controlplane/api/groups_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/group_messages.h"
#include "controlplane/store/groups.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

store::GroupFilter filter_of(const v1::ListGroupsRequest& request) {
  store::GroupFilter filter;
  filter.text = request.query();
  if (!request.platform().empty()) filter.platform = request.platform();
  if (request.status() != v1::GROUP_STATUS_UNSPECIFIED) {
    filter.status = request.status() == v1::GROUP_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  }
  return filter;
}

}  // namespace

grpc::Status GroupServiceImpl::ListGroups(grpc::ServerContext* context, const v1::ListGroupsRequest* request,
                                          v1::ListGroupsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = store::list_groups(call.tx, page_of(*request), filter_of(*request));
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
