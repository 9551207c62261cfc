#include "common/observe/redact.h"

namespace sluice::observe {

namespace {

constexpr std::string_view kRedacted = "[redacted]";
constexpr std::string_view kBearer = "bearer";
constexpr std::size_t kShortestKey = 8;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_key_character(char c) {
  return is_word(c) || c == '-' || c == '_';
}
// RFC 6750, section 2.1: b64token.
bool is_token_character(char c) {
  return is_key_character(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}

template <class Accept>
std::size_t run_length(std::string_view text, Accept accept) {
  std::size_t length = 0;
  while (length < text.size() && accept(text[length]))
    ++length;
  return length;
}

bool starts_with_bearer(std::string_view text) {
  if (text.size() < kBearer.size()) return false;
  for (std::size_t i = 0; i < kBearer.size(); ++i) {
    if ((text[i] | 0x20) != kBearer[i]) return false;
  }
  return true;
}

// What to cut of a text that starts a word: keep the first `keep` characters, drop the next `drop`.
struct Cut {
  std::size_t keep = 0;
  std::size_t drop = 0;
};

Cut find_cut(std::string_view text) {
  if (text.starts_with("sk-")) {
    const std::size_t length = run_length(text.substr(3), is_key_character);
    return length < kShortestKey ? Cut{} : Cut{.keep = 3, .drop = length};
  }
  if (starts_with_bearer(text)) {
    const std::size_t spaces = run_length(text.substr(kBearer.size()), is_space);
    const std::size_t keep = kBearer.size() + spaces;
    const std::size_t length = run_length(text.substr(keep), is_token_character);
    return spaces == 0 || length < kShortestKey ? Cut{} : Cut{.keep = keep, .drop = length};
  }
  return {};
}

}  // namespace

std::string redact(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const bool word_starts = result.empty() || !is_word(result.back());
    const Cut cut = word_starts ? find_cut(text) : Cut{};
    if (cut.drop == 0) {
      result += text.front();
      text.remove_prefix(1);
      continue;
    }
    result.append(text.substr(0, cut.keep)).append(kRedacted);
    text.remove_prefix(cut.keep + cut.drop);
  }
  return result;
}

}  // namespace sluice::observe
