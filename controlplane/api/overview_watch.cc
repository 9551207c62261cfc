#include "controlplane/api/overview_watch.h"

#include <utility>

#include "controlplane/api/live_service.h"

namespace sluice::api {

OverviewWatch* OverviewWatch::start(const AdminContext& admin, live::Hub& hub, StreamCaller caller) {
  const auto watch = std::make_shared<OverviewWatch>(admin, hub, std::move(caller));
  watch->self_ = watch;
  if (Result<> added = hub.add(watch); !added) watch->finish(to_status(added.error()));
  return watch.get();
}

OverviewWatch::OverviewWatch(const AdminContext& admin, live::Hub& hub, StreamCaller caller)
    : admin_(admin),
      hub_(hub),
      caller_(std::move(caller)),
      until_(admin.clock.steady() + LiveServiceImpl::kStreamTime) {}

bool OverviewWatch::begin() {
  const grpc::Status allowed = may_stream(admin_, caller_, admin::v1::WatchOverviewRequest());
  if (!allowed.ok()) {
    finish(allowed);
    return false;
  }
  const std::lock_guard lock(mutex_);
  seen_ = hub_.number_of(caller_.last_event_id);
  return true;
}

void OverviewWatch::news() {
  if (admin_.clock.steady() >= until_) return finish(grpc::Status::OK);
  const std::lock_guard lock(mutex_);
  if (writing_ || ending_) return;
  auto event = hub_.take(seen_);
  if (!event) return;
  outgoing_ = std::move(*event);
  writing_ = true;
  StartWrite(&outgoing_);
}

void OverviewWatch::end() {
  finish({grpc::StatusCode::UNAVAILABLE, "the control plane is stopping"});
}

void OverviewWatch::finish(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ending_, true)) return;
  status_ = status;
  if (!writing_) Finish(status_);
}

void OverviewWatch::OnWriteDone(bool /*ok*/) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ending_) return Finish(status_);
  }
  news();
}

void OverviewWatch::OnCancel() {
  finish({grpc::StatusCode::CANCELLED, "the client has left"});
}

void OverviewWatch::OnDone() {
  hub_.remove(this);
  const std::shared_ptr<OverviewWatch> last = std::move(self_);
}

}  // namespace sluice::api
