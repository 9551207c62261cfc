// Message heads: what the parsers produce and the writers take. Views point into the buffer that was parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

struct Field {
  std::string_view name;  // as sent; compare with same_name()
  std::string_view value;
};

// ASCII case-insensitive.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

// The first field of that name.
[[nodiscard]] std::optional<std::string_view> find(const std::vector<Field>& fields, std::string_view name);

// How the body of a request or response is delimited (RFC 9112, section 6).
struct BodyFraming {
  enum class Kind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  // for kLength
};

struct RequestHead {
  std::string_view method;  // one of GET HEAD POST PUT PATCH DELETE OPTIONS, or another token
  std::string_view path;    // starts with '/', no query, not decoded
  std::string_view query;   // without '?'; empty if none
  std::string_view host;
  std::vector<Field> fields;
  BodyFraming framing;
  bool keep_alive = true;
  bool expects_continue = false;
};

struct ResponseHead {
  unsigned status = 0;
  std::vector<Field> fields;
  BodyFraming framing;
  bool keep_alive = true;
};

}  // namespace sluice::http
