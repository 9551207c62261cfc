#include "controlplane/api/account_test_service.h"

#include "controlplane/accounts/live_test.h"
#include "controlplane/api/stream_access.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

class OneMore {
 public:
  explicit OneMore(std::atomic<int>& running) : running_(running), before_(running.fetch_add(1)) {}
  ~OneMore() { running_.fetch_sub(1); }
  OneMore(const OneMore&) = delete;
  OneMore& operator=(const OneMore&) = delete;
  [[nodiscard]] int before() const { return before_; }

 private:
  std::atomic<int>& running_;
  const int before_;
};

}  // namespace

grpc::Status AccountTestServiceImpl::TestAccount(grpc::ServerContext* context, const v1::TestAccountRequest* request,
                                                 grpc::ServerWriter<v1::TestAccountResponse>* writer) {
  const StreamCaller caller{.credentials = credentials_of(*context), .last_event_id = {}};
  if (grpc::Status allowed = may_stream(admin_, caller, *request); !allowed.ok()) return allowed;
  if (metadata_of(*context, kDryRunMetadata) == "true") {
    return to_status({ErrorCode::kInvalidArgument, "a test of an account cannot be tried without effect"});
  }
  const OneMore one(running_);
  if (one.before() >= kMostTests) {
    return to_status({ErrorCode::kResourceExhausted, "too many tests of accounts run at once; try again"});
  }
  const auto target = db::in_transaction(admin_.pool, [&](db::Transaction& tx) {
    return accounts::read_test_target(tx, admin_.vault, request->account_id(), request->model(), admin_.clock.now());
  });
  if (!target) return to_status(target.error());
  const auto asked = accounts::test_request(*target, request->prompt());
  if (!asked) return to_status(asked.error());
  accounts::LiveTestOptions options;
  options.allowed_networks = oauth_.fetch.allowed_networks;
  options.user_agent = oauth_.fetch.user_agent;
  accounts::run_live_test(*target, *asked, options,
                          {.tell = [&](const v1::TestAccountResponse& event) { return writer->Write(event); },
                           .gone = [&] { return context->IsCancelled(); }});
  return grpc::Status::OK;
}

}  // namespace sluice::api
