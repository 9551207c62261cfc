#include "tests/integration/http/client_server.h"

namespace sluice::http {

namespace {

io::Listener open_listener(io::Worker& worker) {
  Result<io::Listener> listener = io::Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  return std::move(*listener);
}

}  // namespace

ScriptedServer::ScriptedServer(io::Worker& worker)
    : worker_(worker), listener_(open_listener(worker)), port_(listener_.port()) {
  listener_.start([this](io::Stream stream) {
    ++connections_;
    auto shared = std::make_shared<io::Stream>(std::move(stream));
    streams_.push_back(shared);
    worker_.spawn(serve(this, shared));
  });
}

void ScriptedServer::close_all() {
  for (const std::weak_ptr<io::Stream>& weak : streams_) {
    if (const std::shared_ptr<io::Stream> stream = weak.lock()) stream->abort();
  }
}

io::Task<bool> ScriptedServer::read_request(ScriptedServer* self, io::Stream& stream) {
  std::string text;
  std::size_t wanted = std::string::npos;
  char buffer[16 * 1024];
  while (text.size() < wanted) {
    Result<std::size_t> got = co_await stream.read_some(buffer, io::soon());
    if (!got || *got == 0) co_return false;
    text.append(buffer, *got);
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const std::size_t length = text.find("content-length: ");
    wanted = end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
  }
  self->requests_.push_back(text);
  co_return true;
}

io::Task<> ScriptedServer::serve(ScriptedServer* self, std::shared_ptr<io::Stream> stream) {
  for (;;) {
    const bool early = self->next_ < self->scripts_.size() && !self->scripts_[self->next_].wait_for_request;
    if (early) {
      Result<> readable = co_await stream->wait_readable(io::soon());
      if (!readable) co_return;
    } else {
      const bool request = co_await read_request(self, *stream);
      if (!request) co_return;
    }
    if (self->next_ >= self->scripts_.size()) continue;
    const Script script = self->scripts_[self->next_++];
    for (const std::string& part : script.parts) {
      Result<> sent = co_await stream->write(part, io::soon());
      if (!sent) co_return;
      // The client, on the same worker, gets the time to take each part before the next.
      if (script.parts.size() > 1) {
        for (int i = 0; i < 4; ++i)
          co_await io::yield(self->worker_);
      }
    }
    if (script.then == Script::Then::kClose) {
      stream->end_writing();
      char buffer[1024];
      for (;;) {
        Result<std::size_t> got = co_await stream->read_some(buffer, io::soon());
        if (!got || *got == 0) co_return;
      }
    }
    if (script.then == Script::Then::kReset) co_return;
  }
}

io::Task<Fetched> fetch(ClientPool& pool, Origin origin, std::string body, SteadyTime deadline) {
  ClientRequest request;
  request.origin = &origin;
  request.method = body.empty() ? "GET" : "POST";
  request.target = "/v1/x?y=1";
  request.body = body;
  Fetched fetched;
  std::expected<ClientResponse, ClientError> response = co_await pool.send(request, deadline, nullptr);
  if (!response) {
    fetched.error = std::move(response.error());
    co_return fetched;
  }
  fetched.status = response->head().status;
  fetched.by_close = response->ends_by_close();
  Result<std::string> whole = co_await response->read_whole_body(64u << 20, deadline);
  if (whole) {
    fetched.body = std::move(*whole);
  } else {
    fetched.error = ClientError{ClientError::Stage::kBody, std::move(whole.error())};
  }
  co_return fetched;
}

}  // namespace sluice::http
