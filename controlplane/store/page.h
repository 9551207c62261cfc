// Keyset pages: a list answers with some rows and a cursor that stands behind the last one. Lists run from the newest
// row to the oldest, by (created_at, id), so rows added meanwhile move nothing. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::store {

inline constexpr int kMaxPageSize = 1000;

struct PageRequest {
  // 1 to kMaxPageSize; others are brought into that range.
  int size = 50;
  // From Page::next of the same list with the same filter; empty for the first page.
  std::string cursor = {};
};

template <class T>
struct Page {
  std::vector<T> rows;
  // Cursor of the next page; empty on the last one.
  std::string next = {};
};

// Where a page starts: behind the row with these keys.
struct Position {
  SystemTime created_at = {};
  std::string id = {};
};

[[nodiscard]] std::string encode_cursor(const Position& position);
// Empty text is the start of the list (no position). kInvalidArgument for a text that is no cursor.
[[nodiscard]] Result<std::optional<Position>> decode_cursor(std::string_view text);

}  // namespace sluice::store
