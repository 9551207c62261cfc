#include "tests/integration/rest/user_server.h"

#include <google/protobuf/util/field_mask_util.h>

#include <stdexcept>

namespace sluice::api {

namespace {

using grpc::StatusCode;

std::string metadata(const grpc::ServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

const std::map<std::string, StatusCode> kFailures{
    {"unavailable", StatusCode::UNAVAILABLE},
    {"denied", StatusCode::PERMISSION_DENIED},
    {"exhausted", StatusCode::RESOURCE_EXHAUSTED},
    {"conflict", StatusCode::FAILED_PRECONDITION},
    {"internal", StatusCode::INTERNAL},
};

}  // namespace

grpc::Status UserStore::enter(const grpc::ServerContext& context) {
  last_request_id_ = metadata(context, "x-request-id");
  if (metadata(context, "authorization") != kToken) return {StatusCode::UNAUTHENTICATED, "the token is not valid"};
  return grpc::Status::OK;
}

void UserStore::hold(const grpc::ServerContext& context) {
  std::unique_lock lock(mutex_);
  ++held_;
  // A cancelled call does not notify: look now and then.
  while (!released_ && !context.IsCancelled())
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  --held_;
}

grpc::Status UserStore::ListUsers(grpc::ServerContext* context, const v1::ListUsersRequest* request,
                                  v1::ListUsersResponse* response) {
  const std::lock_guard lock(mutex_);
  if (grpc::Status entered = enter(*context); !entered.ok()) return entered;
  for (auto at = users_.upper_bound(request->page_token()); at != users_.end(); ++at) {
    if (request->page_size() > 0 && response->users_size() == request->page_size()) {
      response->set_next_page_token(response->users(response->users_size() - 1).id());
      break;
    }
    *response->add_users() = at->second;
  }
  return grpc::Status::OK;
}

grpc::Status UserStore::GetUser(grpc::ServerContext* context, const v1::GetUserRequest* request,
                                v1::GetUserResponse* response) {
  if (request->id() == "held") hold(*context);
  const std::lock_guard lock(mutex_);
  if (grpc::Status entered = enter(*context); !entered.ok()) return entered;
  if (const auto failure = kFailures.find(request->id()); failure != kFailures.end()) {
    return {failure->second, "as wished"};
  }
  const auto found = users_.find(request->id());
  if (request->id() != "held" && found == users_.end()) return {StatusCode::NOT_FOUND, "there is no such user"};
  *response->mutable_user() = found == users_.end() ? v1::User() : found->second;
  return grpc::Status::OK;
}

grpc::Status UserStore::CreateUser(grpc::ServerContext* context, const v1::CreateUserRequest* request,
                                   v1::CreateUserResponse* response) {
  const std::lock_guard lock(mutex_);
  if (grpc::Status entered = enter(*context); !entered.ok()) return entered;
  v1::User user = request->user();
  if (user.email().empty()) return {StatusCode::INVALID_ARGUMENT, "email: must not be empty"};
  for (const auto& [id, other] : users_) {
    if (other.email() == user.email()) return {StatusCode::ALREADY_EXISTS, "there is a user with this email"};
  }
  user.set_id("u" + std::to_string(users_.size() + 1));
  user.set_etag("1");
  *response->mutable_user() = users_[user.id()] = user;
  return grpc::Status::OK;
}

grpc::Status UserStore::UpdateUser(grpc::ServerContext* context, const v1::UpdateUserRequest* request,
                                   v1::UpdateUserResponse* response) {
  const std::lock_guard lock(mutex_);
  if (grpc::Status entered = enter(*context); !entered.ok()) return entered;
  const auto found = users_.find(request->user().id());
  if (found == users_.end()) return {StatusCode::NOT_FOUND, "there is no such user"};
  v1::User& user = found->second;
  if (!request->user().etag().empty() && request->user().etag() != user.etag()) {
    return {StatusCode::ABORTED, "the user was changed meanwhile"};
  }
  const std::string etag = std::to_string(std::stoi(user.etag()) + 1);
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(request->user(), request->update_mask(), {}, &user);
  user.set_etag(etag);
  *response->mutable_user() = user;
  return grpc::Status::OK;
}

grpc::Status UserStore::DeleteUser(grpc::ServerContext* context, const v1::DeleteUserRequest* request,
                                   v1::DeleteUserResponse* /*response*/) {
  const std::lock_guard lock(mutex_);
  if (grpc::Status entered = enter(*context); !entered.ok()) return entered;
  if (users_.erase(request->id()) == 0) return {StatusCode::NOT_FOUND, "there is no such user"};
  return grpc::Status::OK;
}

int UserStore::held() {
  const std::lock_guard lock(mutex_);
  return held_;
}

void UserStore::release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

std::string UserStore::last_request_id() {
  const std::lock_guard lock(mutex_);
  return last_request_id_;
}

UserServer::UserServer(std::chrono::milliseconds call_time) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&store_);
  grpc_ = builder.BuildAndStart();
  RestOptions options;
  options.version = "1.2.3";
  options.call_time = call_time;
  options.metrics = [] { return std::string("# none\n"); };
  options.not_ready = [this] {
    const std::lock_guard lock(mutex_);
    return not_ready_;
  };
  auto rest = RestServer::start("127.0.0.1", 0, grpc_->InProcessChannel({}), clock_, std::move(options));
  if (!rest) throw std::runtime_error(rest.error().message);
  rest_ = std::move(*rest);
}

UserServer::~UserServer() {
  rest_.reset();
  store_.release();
  grpc_->Shutdown();
}

void UserServer::set_not_ready(std::string why) {
  const std::lock_guard lock(mutex_);
  not_ready_ = std::move(why);
}

}  // namespace sluice::api
