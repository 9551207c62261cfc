// Reads the members of a JSON object that decide something, and checks the whole document once (UTF-8, syntax, depth,
// nothing behind the end). A member that decides may stand only once and only spelled plainly: parsers disagree on
// repeated and escaped keys, and money must not depend on which parser reads first. Thread-safe.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace sluice::json {

// A top-level value; absent members have kAbsent.
struct Value {
  enum class Type : std::uint8_t { kAbsent, kNull, kBool, kInteger, kString, kOther };
  Type type = Type::kAbsent;
  bool boolean = false;
  std::int64_t integer = 0;
  std::string string;  // unescaped
};

// Looks at the parsed document while it is there; nothing of it may be kept.
using Look = std::function<void(const simdjson::dom::object&)>;

// The values of `wanted`, in the same order. Keys that are not read but must not be repeated either go in `once`.
// `body` needs 64 readable bytes behind its end (its capacity must exceed its size by as much). `look` may be empty;
// it is called for a good document only.
[[nodiscard]] Result<std::vector<Value>> read_top_level(const std::string& body,
                                                        std::span<const std::string_view> wanted,
                                                        std::span<const std::string_view> once, const Look& look = {});

// Documents nest at most this deep.
inline constexpr std::size_t kMaxDepth = 128;

}  // namespace sluice::json
