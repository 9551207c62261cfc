#include "tests/fakes/anthropic/text.h"

#include <strings.h>

#include <atomic>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <ctime>
#include <random>

namespace sluice::fakes {

std::string cat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts)
    size += part.size();
  std::string out;
  out.reserve(size);
  for (std::string_view part : parts)
    out += part;
  return out;
}

std::string json_string(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

static std::string formatted(std::int64_t unix_seconds, const char* format) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char buffer[64];
  return std::string(buffer, std::strftime(buffer, sizeof buffer, format, &parts));
}

std::string rfc3339(std::int64_t unix_seconds) {
  return formatted(unix_seconds, "%Y-%m-%dT%H:%M:%SZ");
}

std::string http_date(std::int64_t unix_seconds) {
  return formatted(unix_seconds, "%a, %d %b %Y %H:%M:%S GMT");
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const std::string_view hex = text.substr(i + 1 <= text.size() ? i + 1 : i, 2);
    const bool coded = text[i] == '%' && hex.size() == 2 &&
                       std::from_chars(hex.data(), hex.data() + 2, byte, 16).ptr == hex.data() + 2;
    out += coded ? static_cast<char>(byte) : text[i];
    if (coded) i += 2;
  }
  return out;
}

std::string make_id(std::string_view prefix) {
  static constexpr std::string_view kLetters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  static const std::uint64_t start = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<std::uint64_t> next{0};
  std::string id = cat({prefix, "01"});
  // Two rounds of splitmix64 over a counter: different for every call, random to look at.
  std::uint64_t seed = start + next.fetch_add(1, std::memory_order_relaxed) * 0x9e3779b97f4a7c15ULL;
  for (int round = 0; round < 2; ++round) {
    std::uint64_t z = (seed += 0x632be59bd9b4e019ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    for (int i = 0; i < 11; ++i, z /= kLetters.size())
      id += kLetters[z % kLetters.size()];
  }
  return id;
}

}  // namespace sluice::fakes
