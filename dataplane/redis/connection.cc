#include "dataplane/redis/connection.h"

#include <fmt/format.h>
#include <hiredis/async.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include "common/io/worker.h"

namespace sluice::redis {

namespace {

std::string cause_of(const redisAsyncContext& context) {
  return context.err == 0 || context.errstr == nullptr ? "the connection was closed" : context.errstr;
}

}  // namespace

// What hiredis calls. It may call them for a context that it is about to free.
struct Connection::Hooks {
  static Connection& self(void* data) { return *static_cast<Connection*>(data); }
  static void add_read(void* data) {
    self(data).wants_read_ = true;
    self(data).wait_readable();
  }
  static void del_read(void* data) { self(data).wants_read_ = false; }
  static void add_write(void* data) { self(data).want_write(); }
  static void del_write(void* data) { self(data).wants_write_ = false; }
  static void cleanup(void* data) {
    Connection& connection = self(data);
    std::string cause = cause_of(*connection.context_);
    connection.context_ = nullptr;
    connection.wants_read_ = connection.wants_write_ = false;
    connection.descriptor_.release();
    if (auto tell = std::exchange(connection.on_closed_, nullptr)) tell(std::move(cause));
  }
  static void connected(const redisAsyncContext* context, int status) {
    self(context->ev.data).connected_ = status == REDIS_OK;
  }
  static void reply(redisAsyncContext* context, void* reply, void* /*unused*/) {
    self(context->ev.data).on_reply(reply);
  }
  static void pushed(redisAsyncContext* context, void* reply, void* /*unused*/) {
    self(context->ev.data).on_pushed(reply);
  }
};

Connection::Connection(io::Worker& worker)
    : worker_(worker), descriptor_(worker.context().get_executor()), last_heard_(worker.clock().steady()) {}

Connection::~Connection() {
  close();
}

Result<std::shared_ptr<Connection>> Connection::open(io::Worker& worker, const Address& address,
                                                     std::function<void(std::string cause)> on_closed) {
  redisAsyncContext* context = address.unix_path.empty() ? redisAsyncConnect(address.ip.c_str(), address.port)
                                                         : redisAsyncConnectUnix(address.unix_path.c_str());
  if (context == nullptr) return fail(ErrorCode::kUnavailable, "cannot connect to Redis: out of memory");
  if (context->err != 0) {
    auto failure = fail(ErrorCode::kUnavailable, fmt::format("cannot connect to Redis: {}", context->errstr));
    redisAsyncFree(context);
    return failure;
  }
  std::shared_ptr<Connection> connection(new Connection(worker));
  connection->on_closed_ = std::move(on_closed);
  connection->attach(context);
  return connection;
}

void Connection::attach(redisAsyncContext* context) {
  context_ = context;
  descriptor_.assign(context->c.fd);
  context->ev = {.data = this,
                 .addRead = Hooks::add_read,
                 .delRead = Hooks::del_read,
                 .addWrite = Hooks::add_write,
                 .delWrite = Hooks::del_write,
                 .cleanup = Hooks::cleanup};
  redisAsyncSetConnectCallback(context, Hooks::connected);  // also waits for the connect to end
}

bool Connection::send(std::span<const std::string_view> arguments, std::shared_ptr<Call> call) {
  if (context_ == nullptr) return false;
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  texts.reserve(arguments.size());
  lengths.reserve(arguments.size());
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  unanswered_.push_back(std::move(call));
  if (redisAsyncCommandArgv(context_, Hooks::reply, nullptr, static_cast<int>(texts.size()), texts.data(),
                            lengths.data()) == REDIS_OK) {
    if (connected_) ++unwritten_;
    return true;
  }
  unanswered_.pop_back();
  return false;
}

bool Connection::subscribe(std::span<const std::string> channels, OnPush on_push) {
  if (context_ == nullptr) return false;
  on_push_ = std::move(on_push);
  std::vector<const char*> texts = {"SUBSCRIBE"};
  std::vector<std::size_t> lengths = {std::string_view("SUBSCRIBE").size()};
  for (const std::string& channel : channels) {
    texts.push_back(channel.data());
    lengths.push_back(channel.size());
  }
  return redisAsyncCommandArgv(context_, Hooks::pushed, nullptr, static_cast<int>(texts.size()), texts.data(),
                               lengths.data()) == REDIS_OK;
}

void Connection::hear() {
  const std::shared_ptr<Connection> self = shared_from_this();
  for (std::size_t before = unanswered_.size() + 1; unanswered_.size() < before;) {
    before = unanswered_.size();
    if (context_ != nullptr && wants_read_) redisAsyncHandleRead(context_);
  }
}

void Connection::close() {
  on_closed_ = nullptr;
  if (context_ != nullptr) redisAsyncFree(context_);
}

void Connection::on_reply(void* reply) {
  const std::shared_ptr<Call> call = std::move(unanswered_.front());
  unanswered_.pop_front();
  if (reply != nullptr) last_heard_ = worker_.clock().steady();
  if (!call) return;
  call->finish(reply != nullptr ? copy_reply(*static_cast<const redisReply*>(reply))
                                : fail(ErrorCode::kClosed, "the connection to Redis was lost before it answered"));
}

// "subscribe", channel, number of channels; "message", channel, text. Null when the connection ends.
void Connection::on_pushed(void* reply) {
  const auto* push = static_cast<const redisReply*>(reply);
  if (push == nullptr) return;
  last_heard_ = worker_.clock().steady();
  if (push->type != REDIS_REPLY_ARRAY || push->elements < 3 || !on_push_) return;
  const auto text = [&](std::size_t at) {
    const redisReply& element = *push->element[at];
    return element.type == REDIS_REPLY_STRING ? std::string_view(element.str, element.len) : std::string_view();
  };
  on_push_(text(0), text(1), text(2));
}

// Once connected, the write happens at the end of the loop turn without asking whether the socket is writable; only
// what it did not take waits.
void Connection::want_write() {
  wants_write_ = true;
  if (writing_) return;
  if (!connected_) return wait_writable();
  writing_ = true;
  boost::asio::post(worker_.context().get_executor(), [self = shared_from_this()] { self->flush(); });
}

// A turn that takes long is our own fault and not one of Redis: its time to answer begins when it is asked.
void Connection::move_deadlines() {
  const SteadyTime now = worker_.clock().steady();
  const std::size_t count = std::min(std::exchange(unwritten_, 0), unanswered_.size());
  for (std::size_t i = unanswered_.size() - count; i < unanswered_.size(); ++i) {
    if (const std::shared_ptr<Call>& call = unanswered_[i]) call->deadline += now - call->asked;
  }
}

void Connection::flush() {
  move_deadlines();
  if (context_ != nullptr && wants_write_) redisAsyncHandleWrite(context_);
  writing_ = false;
  if (context_ != nullptr && wants_write_) wait_writable();
}

void Connection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  descriptor_.async_wait(Descriptor::wait_write,
                         [self = shared_from_this()](const boost::system::error_code&) { self->flush(); });
}

void Connection::wait_readable() {
  if (reading_) return;
  reading_ = true;
  descriptor_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code&) {
    if (self->context_ != nullptr && self->wants_read_) redisAsyncHandleRead(self->context_);
    self->reading_ = false;
    if (self->context_ != nullptr && self->wants_read_) self->wait_readable();
  });
}

}  // namespace sluice::redis
