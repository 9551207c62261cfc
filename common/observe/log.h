// Structured logs: one JSON object per line and event. Any thread.
//   log(Level::kWarn, "upstream_failed", {{"request_id", id}, {"status", 502}});
// Every value goes through a JSON encoder, so no input can forge a line or a field. A Secret does not compile; what
// still looks like a key or bearer token in a text is cut out.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/secret.h"

namespace sluice::observe {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

// A named value of an event. Borrows its texts: use it only within the call to log().
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view name, std::string_view text) : name_(name), value_(text) {}
  Field(std::string_view name, const char* text) : name_(name), value_(std::string_view(text)) {}
  Field(std::string_view name, const std::string& text) : name_(name), value_(std::string_view(text)) {}
  Field(std::string_view name, bool value) : name_(name), value_(value) {}
  Field(std::string_view name, double value) : name_(name), value_(value) {}
  template <std::signed_integral T>
  Field(std::string_view name, T value) : name_(name), value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  Field(std::string_view name, T value) : name_(name), value_(static_cast<std::uint64_t>(value)) {}
  Field(std::string_view name, const Secret& value) = delete;

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  std::string_view name_;
  Value value_;
};

struct LogOptions {
  Level level = Level::kInfo;  // lower ones are dropped
  std::string path;            // appended to, folders are made; empty: standard error
  std::string program;         // on every line, if not empty
  std::string node;            // on every line, if not empty
};

// Once, at the start of main(), before other threads. Without it: kInfo to standard error. False if the file cannot
// be opened; then nothing has changed.
[[nodiscard]] bool start_logging(LogOptions options);

// `event` is a fixed snake_case name that an operator can search for, never a sentence with values in it.
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});

[[nodiscard]] bool enabled(Level level);

}  // namespace sluice::observe
