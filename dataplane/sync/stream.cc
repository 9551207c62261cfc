#include "dataplane/sync/stream.h"

#include <utility>

namespace sluice::sync {

namespace {

// A snapshot's parts are below 1 MiB; a little room for one large resource.
constexpr int kMaxMessageBytes = 4 * 1024 * 1024;

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  // When to dial again is the session's decision, so a channel neither shares nor remembers failures.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (endpoint.ca_pem.empty()) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = endpoint.ca_pem;
    tls.pem_cert_chain = endpoint.certificate_pem;
    tls.pem_private_key = std::string(endpoint.key_pem.reveal());
    credentials = grpc::SslCredentials(tls);
  }
  return grpc::CreateCustomChannel(endpoint.address, credentials, arguments);
}

std::shared_ptr<Stream> Stream::dial(const Endpoint& endpoint, Events events) {
  std::shared_ptr<Stream> stream(new Stream(endpoint, std::move(events)));
  stream->self_ = stream;
  // Writes start outside of reactions: the hold keeps OnDone away until the last read has failed.
  stream->AddHold();
  stream->StartRead(&stream->incoming_);
  stream->StartCall();
  return stream;
}

Stream::Stream(const Endpoint& endpoint, Events events)
    : events_(std::move(events)), stub_(config::v1::ConfigService::NewStub(open_channel(endpoint))) {
  context_.AddMetadata("authorization", "Bearer " + std::string(endpoint.token.reveal()));
  stub_->async()->Subscribe(&context_, this);
}

void Stream::OnReadInitialMetadataDone(bool ok) {
  if (ok) events_.on_open();
}

void Stream::OnReadDone(bool ok) {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    // Cancelled while the read was under way: perhaps nobody is there to ask for the next one.
    last = !ok || cancelled_;
    if (last) ended_ = true;
  }
  if (ok) events_.on_message(std::move(incoming_));
  if (last) RemoveHold();
}

void Stream::read_next() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    reading_ = true;
  }
  incoming_.Clear();
  StartRead(&incoming_);
}

void Stream::send(config::v1::SubscribeRequest message) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  outgoing_.push_back(std::move(message));
  if (outgoing_.size() == 1) StartWrite(&outgoing_.front());
}

void Stream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  outgoing_.pop_front();
  if (!ok || ended_) {
    outgoing_.clear();
    return;
  }
  if (!outgoing_.empty()) StartWrite(&outgoing_.front());
}

// Without a read under way none will fail, and the hold would stay for ever.
void Stream::cancel() {
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    idle = !reading_ && !std::exchange(ended_, true);
  }
  context_.TryCancel();
  if (idle) RemoveHold();
}

void Stream::OnDone(const grpc::Status& status) {
  // Whoever gets the stream may end it before this returns.
  const auto done = std::move(events_.on_done);
  done(status, std::move(self_));
}

}  // namespace sluice::sync
