// One gRPC stream of UsageService.Report. Sending never blocks; answers are collected until asked for. Made and used by
// the Uploader's thread; gRPC's threads call the On... functions.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/base/secret.h"
#include "sluice/usage/v1/usage.grpc.pb.h"

namespace sluice::usage {

class ReportStream final : public grpc::ClientBidiReactor<v1::ReportRequest, v1::ReportResponse> {
 public:
  // `on_event` is called from gRPC's threads when take() has something new; it must not block.
  ReportStream(v1::UsageService::Stub& stub, const Secret& node_token, std::function<void()> on_event);
  ReportStream(const ReportStream&) = delete;
  ReportStream& operator=(const ReportStream&) = delete;
  // Cancels, and waits for gRPC to let go.
  ~ReportStream() override;

  void send(std::shared_ptr<const v1::ReportRequest> request);

  struct Events {
    std::vector<v1::ReportResponse> answers;
    bool over = false;  // nothing more will come; finish() tells why
  };
  [[nodiscard]] Events take();

  // Ends the stream and returns its status: the server's own if it ended it first. send() must not follow.
  [[nodiscard]] grpc::Status finish();

  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  void write_next();

  grpc::ClientContext context_;
  const std::function<void()> on_event_;
  v1::ReportResponse incoming_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<const v1::ReportRequest>> to_write_;
  bool writing_ = false;
  std::vector<v1::ReportResponse> answers_;
  bool over_ = false;
  bool released_ = false;
  std::optional<grpc::Status> end_;
};

}  // namespace sluice::usage
