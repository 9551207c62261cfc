#include "controlplane/publish/config_service.h"

#include "common/base/random.h"
#include "common/crypto/digest.h"
#include "common/observe/log.h"
#include "controlplane/publish/node_stream.h"

namespace sluice::publish {

namespace {

constexpr std::chrono::milliseconds kTick{100};

// Ends a call before it begins.
class Refused final : public grpc::ServerBidiReactor<config::v1::SubscribeRequest, config::v1::SubscribeResponse> {
 public:
  explicit Refused(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

ConfigServiceImpl::ConfigServiceImpl(ConfigServiceOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), fleet_(options_.fleet, random_below), ticker_([this] { tick(); }) {}

ConfigServiceImpl::~ConfigServiceImpl() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return streams_.empty(); });
  }
  ticker_.join();
}

bool ConfigServiceImpl::knows_token(const grpc::CallbackServerContext& context) const {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return false;
  const std::string_view shown(found->second.data(), found->second.size());
  // Hashes, so that neither content nor length shows in the time it takes.
  const crypto::Sha256 expected = crypto::sha256("Bearer " + std::string(options_.node_token.reveal()));
  const crypto::Sha256 got = crypto::sha256(shown);
  const auto text = [](const crypto::Sha256& hash) {
    return std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
  };
  return !options_.node_token.empty() && crypto::constant_time_equal(text(expected), text(got));
}

// By certificate over TLS, by the node token on this machine.
Result<std::optional<enrolment::NodeIdentity>> ConfigServiceImpl::admit(
    const grpc::CallbackServerContext& context) const {
  if (options_.gate != nullptr) {
    auto identity = options_.gate->admit(*context.auth_context());
    if (!identity || *identity) return identity;
  }
  if (!knows_token(context)) return fail(ErrorCode::kUnauthenticated, "the node token is missing or unknown");
  return std::nullopt;
}

void ConfigServiceImpl::end_unwelcome() {
  if (options_.gate == nullptr) return;
  std::vector<std::shared_ptr<NodeStream>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, stream] : streams_)
      all.push_back(stream);
  }
  for (const auto& stream : all) {
    if (!stream->identity()) continue;
    if (Result<> good = options_.gate->check(*stream->identity()); !good) {
      stream->end(enrolment::to_node_status(good.error()));
    }
  }
}

grpc::ServerBidiReactor<config::v1::SubscribeRequest, config::v1::SubscribeResponse>* ConfigServiceImpl::Subscribe(
    grpc::CallbackServerContext* context) {
  auto identity = admit(*context);
  if (!identity) {
    observe::log(observe::Level::kWarn, "node_refused",
                 {{"peer", context->peer()}, {"reason", identity.error().message}});
    return new Refused(enrolment::to_node_status(identity.error()));
  }
  auto stream = std::make_shared<NodeStream>(*this, std::move(*identity));
  const Fleet::SessionId session = add(stream);
  if (session == 0) return new Refused({grpc::StatusCode::UNAVAILABLE, "the control plane is stopping"});
  stream->start(session);
  return stream.get();
}

Fleet::SessionId ConfigServiceImpl::add(std::shared_ptr<NodeStream> stream) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return 0;
  streams_.emplace(++last_session_, std::move(stream));
  return last_session_;
}

void ConfigServiceImpl::remove(Fleet::SessionId session) {
  with_fleet([&](Fleet& fleet) { fleet.close(session, clock_.steady()); });
  std::shared_ptr<NodeStream> last;
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(session);
  last = std::move(found->second);
  streams_.erase(found);
  // Under the lock: the service may be gone as soon as the lock is.
  changed_.notify_all();
}

void ConfigServiceImpl::wake_if_changed() {
  std::vector<std::shared_ptr<NodeStream>> all;
  {
    const std::lock_guard lock(mutex_);
    if (!fleet_.take_changed()) return;
    for (const auto& [id, stream] : streams_)
      all.push_back(stream);
  }
  for (const auto& stream : all)
    stream->pump();
}

void ConfigServiceImpl::end_session(Fleet::SessionId session, const grpc::Status& status) {
  std::shared_ptr<NodeStream> stream;
  {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(session);
    if (found != streams_.end()) stream = found->second;
  }
  if (stream != nullptr) stream->end(status);
}

void ConfigServiceImpl::end_streams() {
  std::vector<std::shared_ptr<NodeStream>> all;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    for (const auto& [id, stream] : streams_)
      all.push_back(stream);
  }
  for (const auto& stream : all)
    stream->end({grpc::StatusCode::UNAVAILABLE, "the control plane is stopping"});
}

void ConfigServiceImpl::tick() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, kTick, [this] { return stopping_; });
    if (stopping_) return;
    const std::vector<Fleet::SessionId> silent = fleet_.tick(clock_.steady());
    std::vector<std::shared_ptr<NodeStream>> all;
    for (const auto& [id, stream] : streams_)
      all.push_back(stream);
    lock.unlock();
    for (const Fleet::SessionId session : silent) {
      end_session(session, {grpc::StatusCode::DEADLINE_EXCEEDED, "the node has been silent for three heartbeats"});
    }
    for (const auto& stream : all)
      stream->pump();
    all.clear();
    lock.lock();
  }
}

std::optional<NodeDecision> ConfigServiceImpl::find_decision(const std::string& request_id,
                                                             std::chrono::milliseconds limit) {
  config::v1::Command command;
  const std::uint64_t query = decisions_.open();
  command.mutable_decision()->set_query_id(query);
  command.mutable_decision()->set_request_id(request_id);
  const std::size_t asked = with_fleet([&](Fleet& fleet) { return fleet.command_all(command); });
  return decisions_.wait(query, asked, limit);
}

std::size_t ConfigServiceImpl::live_nodes() {
  const std::lock_guard lock(mutex_);
  return fleet_.live_nodes();
}

FleetCounters ConfigServiceImpl::counters() {
  const std::lock_guard lock(mutex_);
  return fleet_.counters();
}

}  // namespace sluice::publish
