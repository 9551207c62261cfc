#include "common/http/client_pool.h"

#include <fmt/format.h>

#include "common/http/client_pool_state.h"
#include "common/http/client_request_head.h"
#include "common/http/response_head.h"

namespace sluice::http {

namespace {

using Stage = ClientError::Stage;
using ResponseState = ClientResponse::State;
using Sent = std::expected<ClientResponse, ClientError>;

// How long a server that stopped reading is listened to for its reason.
constexpr std::chrono::seconds kLastWords{1};

std::unexpected<ClientError> failed(Stage stage, Error error) {
  return std::unexpected(ClientError{stage, std::move(error)});
}

// One try on one connection.
struct Exchange {
  const ClientRequest& request;
  std::string_view head;
  SteadyTime head_deadline;
  ResponseState& state;
  bool answered = false;  // a byte of an answer came

  [[nodiscard]] io::Task<std::expected<void, ClientError>> run(io::Cancel* cancel);

 private:
  [[nodiscard]] io::Task<Result<>> read_head(SteadyTime deadline);
  // True once the final head was taken from the bytes so far.
  [[nodiscard]] Result<bool> take_heads(std::size_t searched);
};

Result<bool> Exchange::take_heads(std::size_t searched) {
  const std::size_t limit = state.pool->limits.max_head_bytes;
  for (;;) {
    if (!may_be_response(state.rest)) return fail(ErrorCode::kDataLoss, "the server does not answer in HTTP/1.1");
    const std::optional<std::size_t> size = find_response_head(state.rest, searched);
    if (size.value_or(state.rest.size()) > limit) {
      return fail(ErrorCode::kResourceExhausted, fmt::format("the head of the answer is larger than {} bytes", limit));
    }
    if (!size) return false;
    Result<> head_taken = state.accept_head(*size, request.method == "HEAD");
    if (!head_taken) return std::unexpected(std::move(head_taken.error()));
    if (state.head.status >= 200) return true;
    if (state.head.status == 101) return fail(ErrorCode::kDataLoss, "the server changes protocols without being asked");
    searched = 0;
  }
}

io::Task<Result<>> Exchange::read_head(SteadyTime deadline) {
  for (;;) {
    const std::span<char> scratch = state.pool->worker.scratch();
    Result<std::size_t> got = co_await state.stream.read_some(scratch, deadline);
    if (!got) co_return std::unexpected(std::move(got.error()));
    if (*got == 0) {
      co_return fail(ErrorCode::kClosed, answered ? "the server ended the connection in the head of its answer"
                                                  : "the server ended the connection without an answer");
    }
    answered = true;
    const std::size_t searched = state.rest.size();
    state.rest.append(scratch.data(), *got);
    Result<bool> whole = take_heads(searched);
    if (!whole) co_return std::unexpected(std::move(whole.error()));
    if (*whole) co_return Result<>{};
  }
}

io::Task<std::expected<void, ClientError>> Exchange::run(io::Cancel* cancel) {
  const io::AbortOnCancel abort(cancel, state.stream);
  const SteadyTime now = state.pool->now();
  const std::array<std::string_view, 2> pieces{head, request.body};
  Result<> sent = co_await state.stream.write_borrowed(pieces, std::min(head_deadline, now + state.pool->limits.send));
  if (!sent && sent.error().code != ErrorCode::kClosed) co_return failed(Stage::kSend, std::move(sent.error()));
  state.sent_whole = sent.has_value();
  const SteadyTime last_words = std::min(head_deadline, now + kLastWords);
  Result<> answer = co_await read_head(sent ? head_deadline : last_words);
  if (!answer && !sent) co_return failed(Stage::kSend, std::move(sent.error()));
  if (!answer) co_return failed(Stage::kResponseHead, std::move(answer.error()));
  state.start_body();
  co_return std::expected<void, ClientError>{};
}

}  // namespace

ClientPool::ClientPool(io::Worker& worker, const ClientLimits& limits)
    : state_(std::make_shared<State>(worker, limits)) {}

ClientPool::~ClientPool() {
  state_->closed = true;
  state_->close_idle();
}

void ClientPool::close_idle() {
  state_->close_idle();
}

const ClientPool::Counters& ClientPool::counters() const {
  return state_->counters;
}

io::Task<Sent> ClientPool::send(const ClientRequest& request, SteadyTime head_deadline, ClientCancel* cancel) {
  const std::shared_ptr<State> pool = state_;
  Result<std::string> head = build_request_head(request);
  if (!head) co_return failed(Stage::kConnect, std::move(head.error()));
  const Origin& origin = *request.origin;
  std::shared_ptr<Route> route;  // none: directly
  if (!request.proxies.empty()) route = pool->route_of(request.proxies);
  bool may_reuse = true;
  for (;;) {
    if (cancel != nullptr && cancel->cancelled()) {
      co_return failed(Stage::kConnect, Error{ErrorCode::kCancelled, "the request was given up"});
    }
    std::optional<Connection> connection;
    if (may_reuse) connection = pool->take(origin, route.get());
    if (!connection) {
      auto dialled = route ? pool->dial_through(route, origin, may_reuse, head_deadline, cancel)
                           : pool->dial(origin, head_deadline, cancel);
      std::expected<Connection, ClientError> fresh = co_await std::move(dialled);
      if (!fresh) co_return std::unexpected(std::move(fresh.error()));
      connection.emplace(std::move(*fresh));
    }
    const bool reused = connection->reused;
    ++(reused ? pool->counters.reuses : pool->counters.connects);
    auto state = std::make_unique<ResponseState>(pool, std::move(*connection));
    Exchange exchange{.request = request, .head = *head, .head_deadline = head_deadline, .state = *state};
    std::expected<void, ClientError> done = co_await exchange.run(cancel);
    if (done) co_return ClientResponse(std::move(state));
    // The server had closed it meanwhile and has not begun on the request; once only, and never on a used one again.
    const bool stale = reused && !exchange.answered && done.error().error.code == ErrorCode::kClosed;
    if (!stale) {
      done.error().via = state->egress->name;
      co_return std::unexpected(std::move(done.error()));
    }
    ++pool->counters.resent;
    may_reuse = false;
  }
}

}  // namespace sluice::http
