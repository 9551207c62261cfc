#include "dataplane/redis/reply.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::redis {

namespace {

// Redis is there but cannot serve this now.
constexpr std::array<std::string_view, 8> kTransient = {"LOADING ", "OOM ",        "READONLY ",    "BUSY ",
                                                        "MISCONF ", "MASTERDOWN ", "CLUSTERDOWN ", "NOREPLICAS "};

std::unexpected<Error> error_reply(std::string_view text) {
  const bool transient =
      std::ranges::any_of(kTransient, [text](std::string_view prefix) { return text.starts_with(prefix); });
  const ErrorCode code = transient                       ? ErrorCode::kUnavailable
                         : text.starts_with("NOSCRIPT ") ? ErrorCode::kNotFound
                                                         : ErrorCode::kFailedPrecondition;
  return fail(code, "redis: " + std::string(text));
}

Reply copy(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return {std::int64_t{reply.integer}};
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {std::string(reply.str, static_cast<std::size_t>(reply.len))};
    case REDIS_REPLY_ARRAY: {
      Reply::List items;
      items.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i)
        items.push_back(copy(*reply.element[i]));
      return {std::move(items)};
    }
    default:
      return {};
  }
}

}  // namespace

Result<Reply> copy_reply(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) {
    return error_reply(std::string_view(reply.str, static_cast<std::size_t>(reply.len)));
  }
  return copy(reply);
}

}  // namespace sluice::redis
