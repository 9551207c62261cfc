// One client's stream of overview events. Owns itself until gRPC is done with it. The hub tells that there are events;
// they are written one at a time, so a slow client skips to what is new when it can.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>

#include "controlplane/api/stream_access.h"
#include "controlplane/live/hub.h"
#include "sluice/admin/v1/live.pb.h"

namespace sluice::api {

class OverviewWatch final : public grpc::ServerWriteReactor<admin::v1::WatchOverviewResponse>,
                            public live::Hub::Watcher {
 public:
  static OverviewWatch* start(const AdminContext& admin, live::Hub& hub, StreamCaller caller);
  OverviewWatch(const AdminContext& admin, live::Hub& hub, StreamCaller caller);

  [[nodiscard]] bool begin() override;
  void news() override;
  void end() override;

 private:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  // Only the first counts; waits for the write under way.
  void finish(const grpc::Status& status);

  const AdminContext& admin_;
  live::Hub& hub_;
  const StreamCaller caller_;
  const SteadyTime until_;
  std::shared_ptr<OverviewWatch> self_;
  std::mutex mutex_;
  std::uint64_t seen_ = 0;
  admin::v1::WatchOverviewResponse outgoing_;
  bool writing_ = false;
  bool ending_ = false;
  grpc::Status status_;  // to finish with, once `ending_`
};

}  // namespace sluice::api
