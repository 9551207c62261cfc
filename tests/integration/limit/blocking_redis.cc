#include "tests/integration/limit/blocking_redis.h"

#include <hiredis/hiredis.h>

#include <stdexcept>

namespace sluice::testing {

namespace {

using OwnedReply = std::unique_ptr<redisReply, void (*)(void*)>;

std::string to_text(const redis::Reply& reply) {
  if (reply.is_nil()) return "";
  if (const std::int64_t* number = reply.integer()) return std::to_string(*number);
  if (const std::string* text = reply.text()) return *text;
  throw std::runtime_error("a list where a text was expected");
}

}  // namespace

BlockingRedis::BlockingRedis(const std::string& socket_path)
    : context_(redisConnectUnix(socket_path.c_str()), redisFree) {
  if (!context_ || context_->err != 0) throw std::runtime_error("cannot connect to " + socket_path);
}

Result<redis::Reply> BlockingRedis::command(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  const OwnedReply reply(static_cast<redisReply*>(redisCommandArgv(context_.get(), static_cast<int>(texts.size()),
                                                                   texts.data(), sizes.data())),
                         freeReplyObject);
  if (!reply) throw std::runtime_error(std::string("redis: ") + context_->errstr);
  return redis::copy_reply(*reply);
}

Result<redis::Reply> BlockingRedis::run(const limit::ScriptCall& call) {
  std::vector<std::string> arguments = {"EVALSHA", call.script->sha(), std::to_string(call.keys.size())};
  arguments.insert(arguments.end(), call.keys.begin(), call.keys.end());
  arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
  Result<redis::Reply> reply = command(arguments);
  if (reply || reply.error().code != ErrorCode::kNotFound) return reply;
  arguments[0] = "EVAL";
  arguments[1] = call.script->source();
  return command(arguments);
}

std::string BlockingRedis::text(const std::vector<std::string>& arguments) {
  const Result<redis::Reply> reply = command(arguments);
  if (!reply) throw std::runtime_error(reply.error().message);
  return to_text(*reply);
}

std::vector<std::string> BlockingRedis::list(const std::vector<std::string>& arguments) {
  const Result<redis::Reply> reply = command(arguments);
  if (!reply) throw std::runtime_error(reply.error().message);
  if (reply->list() == nullptr) throw std::runtime_error("not a list");
  std::vector<std::string> texts;
  for (const redis::Reply& item : *reply->list())
    texts.push_back(to_text(item));
  return texts;
}

BlockingRedis::Message BlockingRedis::next_message() {
  while (true) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK) throw std::runtime_error("the subscription ended");
    const OwnedReply reply(static_cast<redisReply*>(raw), freeReplyObject);
    const redis::Reply copied = redis::copy_reply(*reply).value();
    const redis::Reply::List& items = *copied.list();
    if (*items.at(0).text() == "message") return {*items.at(1).text(), *items.at(2).text()};
    if (*items.at(0).text() == "pmessage") return {*items.at(2).text(), *items.at(3).text()};
  }
}

}  // namespace sluice::testing
