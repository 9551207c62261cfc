#include "controlplane/db/text_format.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/db/param.h"

namespace sluice::db {
namespace {

template <class T>
std::optional<T> parse_integer(std::string_view text, int base = 10) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// Takes `width` digits off the front, and `separator` before them unless it is 0.
std::optional<unsigned> take(std::string_view& text, char separator, std::size_t width) {
  if (separator != 0) {
    if (text.empty() || text.front() != separator) return std::nullopt;
    text.remove_prefix(1);
  }
  if (text.size() < width) return std::nullopt;
  const auto value = parse_integer<unsigned>(text.substr(0, width));
  text.remove_prefix(width);
  return value;
}

// The elements of {a,"b \"c\""}; empty for NULL elements, nested arrays and damaged text.
std::optional<std::vector<std::string>> parse_array(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> out;
  while (!text.empty()) {
    std::string element;
    const bool quoted = text.front() == '"';
    std::size_t i = quoted ? 1 : 0;
    for (; i < text.size() && text[i] != (quoted ? '"' : ','); ++i) {
      if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
      if (!quoted && text[i] == '{') return std::nullopt;
      element += text[i];
    }
    if (!quoted && (element.empty() || element == "NULL")) return std::nullopt;
    if (quoted && i++ >= text.size()) return std::nullopt;
    out.push_back(std::move(element));
    if (i == text.size()) return out;
    if (text[i] != ',' || i + 1 == text.size()) return std::nullopt;
    text.remove_prefix(i + 1);
  }
  return out;
}

}  // namespace

template <>
std::optional<std::string> parse_text(std::string_view text) {
  return std::string(text);
}

template <>
std::optional<bool> parse_text(std::string_view text) {
  if (text == "t") return true;
  if (text == "f") return false;
  return std::nullopt;
}

template <>
std::optional<std::int32_t> parse_text(std::string_view text) {
  return parse_integer<std::int32_t>(text);
}

template <>
std::optional<std::int64_t> parse_text(std::string_view text) {
  return parse_integer<std::int64_t>(text);
}

template <>
std::optional<std::uint32_t> parse_text(std::string_view text) {
  return parse_integer<std::uint32_t>(text);
}

template <>
std::optional<std::uint64_t> parse_text(std::string_view text) {
  return parse_integer<std::uint64_t>(text);
}

template <>
std::optional<SystemTime> parse_text(std::string_view text) {
  using namespace std::chrono;
  const auto y = take(text, 0, 4);
  const auto mo = take(text, '-', 2);
  const auto d = take(text, '-', 2);
  const auto h = take(text, ' ', 2);
  const auto mi = take(text, ':', 2);
  const auto s = take(text, ':', 2);
  if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
  unsigned micros = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    unsigned scale = 1'000'000;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9' && scale > 1) {
      scale /= 10;
      micros += static_cast<unsigned>(text.front() - '0') * scale;
      text.remove_prefix(1);
    }
  }
  const year_month_day date(year(static_cast<int>(*y)), month(*mo), day(*d));
  if (text != "+00" || !date.ok()) return std::nullopt;
  return sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + microseconds(micros);
}

template <>
std::optional<Bytes> parse_text(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const auto byte = parse_integer<std::uint8_t>(text.substr(i, 2), 16);
    if (!byte) return std::nullopt;
    out.value += static_cast<char>(*byte);
  }
  return out;
}

template <>
std::optional<std::vector<std::string>> parse_text(std::string_view text) {
  return parse_array(text);
}

template <>
std::optional<std::vector<std::int64_t>> parse_text(std::string_view text) {
  const auto elements = parse_array(text);
  if (!elements) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const auto& element : *elements) {
    const auto number = parse_integer<std::int64_t>(element);
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

}  // namespace sluice::db
