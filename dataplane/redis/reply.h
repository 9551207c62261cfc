// What Redis answered, copied out of hiredis. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/status.h"

struct redisReply;

namespace sluice::redis {

struct Reply {
  using Nil = std::monostate;
  using List = std::vector<Reply>;

  std::variant<Nil, std::int64_t, std::string, List> value;

  [[nodiscard]] bool is_nil() const { return std::holds_alternative<Nil>(value); }
  // nullptr if it is of another kind. Status and bulk replies are both texts.
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&value); }
};

// An error reply becomes an Error: kUnavailable where Redis cannot serve for now (loading, out of memory, read-only),
// kNotFound for an unknown script, else kFailedPrecondition. Errors inside of a list become texts.
[[nodiscard]] Result<Reply> copy_reply(const redisReply& reply);

}  // namespace sluice::redis
