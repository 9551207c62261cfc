#include "controlplane/api/rest_stream.h"

#include <grpcpp/support/client_callback.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "controlplane/api/admin_call.h"
#include "controlplane/api/byte_buffers.h"
#include "controlplane/api/http_answer.h"
#include "controlplane/api/problem.h"
#include "controlplane/api/transcode.h"

namespace sluice::api {

namespace {

// Of events that a slow client has not taken; then the RPC is not read any more, and its flow control holds the
// service.
constexpr std::size_t kBufferedBytes = 256 * 1024;

// The event_id of a message, "" if it has none. protobuf prints 64 bit numbers as strings.
std::string event_id(const std::string& json) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_object()) return {};
  const boost::json::value* id = value.get_object().if_contains("eventId");
  return id != nullptr && id->is_string() ? std::string(id->get_string()) : std::string();
}

// JSON is on one line: serializers escape line ends.
std::string event(const std::string& json) {
  const std::string id = event_id(json);
  return (id.empty() ? "" : "id: " + id + "\n") + "data: " + json + "\n\n";
}

// Reads message after message, and waits while the client has too many. Destroyed on a thread of gRPC's or the
// server's.
class StreamCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit StreamCall(RestStream stream) : stream_(std::move(stream)) {}

  static void start(grpc::GenericStub& stub, RestStream stream) {
    const auto call = std::make_shared<StreamCall>(std::move(stream));
    call->self_ = call;
    call->request_ = to_buffer(call->stream_.request);
    stub.PrepareBidiStreamingCall(call->stream_.context.get(), call->stream_.route.rpc_name, grpc::StubOptions(),
                                  call.get());
    // Reads are begun by the HTTP worker, too: held until the last read.
    call->AddHold();
    call->StartWriteLast(&call->request_, grpc::WriteOptions());
    call->StartRead(&call->message_);
    call->StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return RemoveHold();
    const Result<std::string> json = answer_json(*stream_.schema, stream_.route, to_string(message_));
    if (!json) {
      failure_ = to_status(json.error());
      stream_.context->TryCancel();
      return RemoveHold();
    }
    if (!pipe_) begin_answer();
    // kFull: the pipe says when to go on. kGone: the call is cancelled, which the next read shows.
    if (pipe_->put(event(*json)) != http::AnswerPipe::Put::kFull) StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    finish(failure_.ok() ? status : failure_);
    const std::shared_ptr<CallsInFlight> calls = stream_.calls;
    const grpc::ClientContext* context = stream_.context.get();
    stream_.context.reset();
    self_.reset();  // the end of this object
    calls->leave(context);
  }

 private:
  void begin_answer();
  void finish(const grpc::Status& status);

  RestStream stream_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  grpc::Status failure_;
  std::shared_ptr<http::AnswerPipe> pipe_;
  std::shared_ptr<StreamCall> self_;
};

void StreamCall::begin_answer() {
  // `more` only after a kFull, so while no read is under way: the hold keeps the call.
  pipe_ = std::make_shared<http::AnswerPipe>(
      kBufferedBytes, http::AnswerPipe::Producer{.more = [self = self_] { self->StartRead(&self->message_); },
                                                 .gone = [context = stream_.context] { context->TryCancel(); }});
  http::WholeAnswer head = make_answer(200, "text/event-stream", {}, stream_.id);
  head.pipe = pipe_;
  stream_.reply(std::move(head));
}

void StreamCall::finish(const grpc::Status& status) {
  if (!pipe_) {
    return stream_.reply(status.ok() ? make_answer(200, "text/event-stream", {}, stream_.id)
                                     : answer(problem_of(status), stream_.id));
  }
  if (!status.ok()) {
    (void)pipe_->put("event: error\ndata: " + answer(problem_of(status), stream_.id).body + "\n\n");
  }
  pipe_->end();
}

}  // namespace

void start_stream(grpc::GenericStub& stub, RestStream stream) {
  StreamCall::start(stub, std::move(stream));
}

}  // namespace sluice::api
