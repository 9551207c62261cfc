// One mapping of a config file and the keys that the program knows in it. Cheap to copy; see document.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

namespace detail {
struct Tree;
struct Mapping;
}  // namespace detail

// Inclusive bounds.
struct IntegerRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
struct DurationRange {
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max = std::chrono::hours(24 * 365);
};
struct SizeRange {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::int64_t>::max();
};

struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

class Section {
 public:
  // Each getter declares the key. Absent key: the default; for required_*: a problem and an empty value.
  [[nodiscard]] std::string text(std::string_view key, std::string fallback);
  [[nodiscard]] std::string required_text(std::string_view key);
  // One of a few words.
  [[nodiscard]] std::string choice(std::string_view key, std::string fallback,
                                   std::initializer_list<std::string_view> allowed);
  // true or false, nothing else.
  [[nodiscard]] bool boolean(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback, IntegerRange range = {});
  // A whole number and a unit: ms, s, m, h, d: "250ms", "10s".
  [[nodiscard]] std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds fallback,
                                                   DurationRange range = {});
  // Bytes: a whole number and a unit: B, KiB, MiB, GiB: "32MiB".
  [[nodiscard]] std::uint64_t size(std::string_view key, std::uint64_t fallback, SizeRange range = {});
  // "127.0.0.1:8080", "[::1]:8080", "redis.internal:6379".
  [[nodiscard]] HostPort host_port(std::string_view key, std::string_view fallback);
  // Relative ones are resolved against the config file's folder.
  [[nodiscard]] std::filesystem::path path(std::string_view key, std::filesystem::path fallback);
  [[nodiscard]] std::filesystem::path required_path(std::string_view key);

  [[nodiscard]] std::vector<std::string> text_list(std::string_view key, std::vector<std::string> fallback);
  // An absent one is empty: its keys have their defaults.
  [[nodiscard]] Section section(std::string_view key);
  // A list of mappings.
  [[nodiscard]] std::vector<Section> section_list(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const;
  // A problem that the program found itself: what is wrong with the value of `key`.
  void problem(std::string_view key, std::string message);

 private:
  friend class Document;
  Section(detail::Tree* tree, detail::Mapping* mapping) : tree_(tree), mapping_(mapping) {}
  [[nodiscard]] std::optional<std::string> scalar(std::string_view key, std::string_view wanted);
  void missing(std::string_view key, std::string_view wanted);

  detail::Tree* tree_;
  detail::Mapping* mapping_;
};

}  // namespace sluice::config
