// Character classes of HTTP/1.1 (RFC 9110, section 5; RFC 9112, section 2), as one table. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::http {

enum CharClass : std::uint8_t {
  kTokenChar = 1,   // tchar
  kNameChar = 2,    // tchar but '_', which proxies and CGI confuse with '-'
  kValueChar = 4,   // HTAB, SP, visible ASCII, obs-text
  kTargetChar = 8,  // visible ASCII but '#' and '\'
  kDigitChar = 16,
};

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool token =
        digit || letter || (c < 128 && std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c)));
    std::uint8_t bits = 0;
    if (token) bits |= kTokenChar;
    if (token && c != '_') bits |= kNameChar;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= kValueChar;
    if (c > 0x20 && c < 0x7f && c != '#' && c != '\\') bits |= kTargetChar;
    if (digit) bits |= kDigitChar;
    table[c] = bits;
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kCharClasses = make_char_classes();

[[nodiscard]] inline bool is(char c, CharClass wanted) {
  return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// True for the empty text.
[[nodiscard]] inline bool all_are(std::string_view text, CharClass wanted) {
  std::uint8_t common = 0xff;
  for (const char c : text)
    common &= kCharClasses[static_cast<unsigned char>(c)];
  return (common & wanted) != 0;
}

// Without spaces and tabs around it.
[[nodiscard]] inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// -1 if it is none.
[[nodiscard]] inline int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace sluice::http
