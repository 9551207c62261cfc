// The same services as gRPC clients see them.
#include <catch2/catch.hpp>
#include <set>

#include "sluice/admin/v1/groups.grpc.pb.h"
#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace v1 = admin::v1;

namespace {

class Groups {
 public:
  Groups() : stub_(v1::GroupService::NewStub(ControlPlane::shared().channel())) {}

  v1::Group create(const std::string& name) {
    v1::CreateGroupRequest request;
    request.mutable_group()->set_name(name);
    v1::CreateGroupResponse response;
    const grpc::Status status = stub_->CreateGroup(context().get(), request, &response);
    if (!status.ok()) FAIL(status.error_message());
    return response.group();
  }
  grpc::Status update(const v1::Group& group, const std::vector<std::string>& mask, v1::Group* out = nullptr) {
    v1::UpdateGroupRequest request;
    *request.mutable_group() = group;
    for (const std::string& path : mask)
      request.mutable_update_mask()->add_paths(path);
    v1::UpdateGroupResponse response;
    const grpc::Status status = stub_->UpdateGroup(context().get(), request, &response);
    if (out != nullptr) *out = response.group();
    return status;
  }
  grpc::StatusCode get(const std::string& id, v1::Group* out = nullptr) {
    v1::GetGroupRequest request;
    request.set_id(id);
    v1::GetGroupResponse response;
    const grpc::Status status = stub_->GetGroup(context().get(), request, &response);
    if (out != nullptr) *out = response.group();
    return status.error_code();
  }
  grpc::StatusCode remove(const std::string& id, const std::string& etag) {
    v1::DeleteGroupRequest request;
    request.set_id(id);
    request.set_etag(etag);
    v1::DeleteGroupResponse response;
    return stub_->DeleteGroup(context().get(), request, &response).error_code();
  }
  v1::ListGroupsResponse list(int size, const std::string& token) {
    v1::ListGroupsRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    v1::ListGroupsResponse response;
    const grpc::Status status = stub_->ListGroups(context().get(), request, &response);
    if (!status.ok()) FAIL(status.error_message());
    return response;
  }

 private:
  static std::unique_ptr<grpc::ClientContext> context() {
    return ControlPlane::context(ControlPlane::shared().token());
  }
  std::unique_ptr<v1::GroupService::Stub> stub_;
};

}  // namespace

TEST_CASE("gRPC: create, get, update, delete") {
  Groups groups;
  const std::string name = unique("grpc");
  const v1::Group made = groups.create(name);
  v1::Group seen;
  REQUIRE(groups.get(made.id(), &seen) == grpc::StatusCode::OK);
  CHECK(seen.SerializeAsString() == made.SerializeAsString());

  v1::Group change;
  change.set_id(made.id());
  change.set_multiplier("0.5");
  change.set_name("not in the mask");
  v1::Group changed;
  REQUIRE(groups.update(change, {"multiplier"}, &changed).ok());
  CHECK(changed.multiplier() == "0.5");
  CHECK(changed.name() == name);

  CHECK(groups.remove(made.id(), made.etag()) == grpc::StatusCode::ABORTED);
  CHECK(groups.remove(made.id(), changed.etag()) == grpc::StatusCode::OK);
  CHECK(groups.get(made.id()) == grpc::StatusCode::NOT_FOUND);
  CHECK(groups.remove(made.id(), "") == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("gRPC: a stale etag and a wrong mask are refused, and nothing changes") {
  Groups groups;
  v1::Group group = groups.create(unique("etag"));
  v1::Group changed;
  REQUIRE(groups.update(group, {"name"}, &changed).ok());
  CHECK(groups.update(group, {"name"}).error_code() == grpc::StatusCode::ABORTED);
  const grpc::Status wrong = groups.update(changed, {"colour"});
  CHECK(wrong.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(wrong.error_message().find("colour") != std::string::npos);
  v1::Group bad = changed;
  bad.set_multiplier("-1");
  const grpc::Status negative = groups.update(bad, {"multiplier"});
  CHECK(negative.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(negative.error_message().find("multiplier") != std::string::npos);
  v1::Group seen;
  REQUIRE(groups.get(group.id(), &seen) == grpc::StatusCode::OK);
  CHECK(seen.SerializeAsString() == changed.SerializeAsString());
}

TEST_CASE("gRPC: pages are stable while rows are added") {
  Groups groups;
  std::set<std::string> made;
  for (int i = 0; i < 6; ++i)
    made.insert(groups.create(unique("page")).id());
  std::set<std::string> seen;
  std::string token;
  do {
    const v1::ListGroupsResponse page = groups.list(2, token);
    for (const v1::Group& group : page.groups())
      CHECK(seen.insert(group.id()).second);
    token = page.next_page_token();
    (void)groups.create(unique("meanwhile"));
  } while (!token.empty());
  for (const std::string& id : made)
    CHECK(seen.contains(id));
}

}  // namespace sluice::testing
