#include "tests/integration/rest/live_server.h"

#include <stdexcept>
#include <thread>

namespace sluice::api {

namespace {

using Event = admin::v1::WatchOverviewResponse;

std::string wish(const grpc::ServerContext& context) {
  const auto found = context.client_metadata().find("last-event-id");
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

Event event(int number, const std::string& build = "1.0") {
  Event out;
  out.set_event_id("e-" + std::to_string(number));
  admin::v1::LiveNode& node = *out.mutable_snapshot()->add_nodes();
  node.set_id("node");
  node.set_build(build);
  return out;
}

struct Counted {
  explicit Counted(std::atomic<int>& count) : number(count) { ++number; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --number; }
  std::atomic<int>& number;
};

}  // namespace

grpc::Status LiveStore::WatchOverview(grpc::ServerContext* context, const admin::v1::WatchOverviewRequest* /*request*/,
                                      grpc::ServerWriter<Event>* writer) {
  const Counted counted(watching);
  const std::string wanted = wish(*context);
  if (wanted == "refuse") return {grpc::StatusCode::PERMISSION_DENIED, "as wished"};
  if (wanted == "empty") return grpc::Status::OK;
  if (wanted == "flood") {
    const std::string build(kFloodBytes, 'x');
    for (int i = 1; i <= kFlood && writer->Write(event(i, build)); ++i)
      written = i;
    return grpc::Status::OK;
  }
  writer->Write(event(1));
  if (wanted == "fail") return {grpc::StatusCode::UNAVAILABLE, "as wished"};
  if (wanted == "two") writer->Write(event(2));
  while (wanted == "wait" && !context->IsCancelled())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return grpc::Status::OK;
}

LiveServer::LiveServer(std::chrono::milliseconds ping_time) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&store_);
  grpc_ = builder.BuildAndStart();
  RestOptions options;
  options.ping_time = ping_time;
  // Shorter than any stream of the tests: it does not hold for them.
  options.call_time = std::chrono::milliseconds(1);
  options.metrics = [] { return std::string("# none\n"); };
  options.not_ready = [] { return std::string(); };
  auto rest = RestServer::start("127.0.0.1", 0, grpc_->InProcessChannel({}), clock_, std::move(options));
  if (!rest) throw std::runtime_error(rest.error().message);
  rest_ = std::move(*rest);
}

LiveServer::~LiveServer() {
  rest_.reset();
  grpc_->Shutdown();
}

}  // namespace sluice::api
