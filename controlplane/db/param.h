// One value for a $n of a statement. Converts implicitly from the types that the schema uses, so that exec(sql, a, b,
// c) reads naturally; the value never becomes part of the SQL text. Plain values, any thread.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/uuid.h"

namespace sluice::db {

// A bytea value. Sent in binary.
struct Bytes {
  std::string value;
  bool operator==(const Bytes&) const = default;
};

// "2026-01-02T03:04:05.000006Z", read and written by PostgreSQL in UTC.
[[nodiscard]] std::string format_time(SystemTime time);

class Param {
 public:
  Param(std::nullptr_t) {}
  Param(std::nullopt_t) {}
  Param(std::string_view text) : value_(text) {}
  Param(const std::string& text) : value_(text) {}
  Param(const char* text) : value_(text) {}
  // Exactly bool: anything else, such as a double or a pointer, must not quietly become one.
  template <std::same_as<bool> T>
  Param(T flag) : value_(flag ? "t" : "f") {}
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  Param(T number) : value_(std::to_string(number)) {}
  Param(SystemTime time) : value_(format_time(time)) {}
  Param(const Uuid& id) : value_(id.to_string()) {}
  Param(const Bytes& bytes) : value_(bytes.value), binary_(true) {}
  template <class T>
  Param(const std::optional<T>& maybe) : Param(maybe ? Param(*maybe) : Param(nullptr)) {}
  // Arrays, for example for unnest($1::bigint[], $2::text[]). Elements may be std::optional: empty is NULL.
  // numeric[] and uuid[] are sent as std::vector<std::string> and cast in the SQL.
  template <class T>
  Param(const std::vector<T>& elements) : value_(std::string("{")) {
    for (const auto& element : elements)
      append_element(Param(element));
    *value_ += '}';
  }

  [[nodiscard]] bool null() const { return !value_; }
  [[nodiscard]] bool binary() const { return binary_; }
  [[nodiscard]] const std::string& value() const { return *value_; }
  // Text with a NUL byte, which PostgreSQL cannot hold; exec() refuses it.
  [[nodiscard]] bool unsendable() const { return value_ && !binary_ && value_->find('\0') != std::string::npos; }

 private:
  void append_element(const Param& element);

  std::optional<std::string> value_;
  bool binary_ = false;
};

}  // namespace sluice::db
