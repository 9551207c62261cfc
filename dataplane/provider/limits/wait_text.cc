#include "dataplane/provider/limits/wait_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "dataplane/provider/limits/moment.h"

namespace sluice::provider {

namespace {

constexpr double kLongest = 30.0 * 86'400;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

// `mark` is in lower case.
std::size_t find_in_any_case(std::string_view text, std::string_view mark, std::size_t from) {
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), mark.begin(), mark.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? text.npos : static_cast<std::size_t>(found - text.begin());
}

std::optional<double> seconds_in(std::string_view unit) {
  struct Unit {
    double seconds;
    std::array<std::string_view, 5> names;
  };
  static constexpr std::array<Unit, 5> kUnits = {{{0.001, {"ms", "millisecond", "milliseconds"}},
                                                  {1, {"s", "sec", "secs", "second", "seconds"}},
                                                  {60, {"m", "min", "mins", "minute", "minutes"}},
                                                  {3600, {"h", "hr", "hrs", "hour", "hours"}},
                                                  {86'400, {"d", "day", "days"}}}};
  if (unit.empty()) return std::nullopt;
  for (const Unit& one : kUnits) {
    if (std::ranges::find(one.names, unit) != one.names.end()) return one.seconds;
  }
  return std::nullopt;
}

SystemTime after(SystemTime now, double wait) {
  return sensible(now + std::chrono::microseconds(static_cast<std::int64_t>(std::min(wait, kLongest) * 1e6)), now);
}

// Past what stands between a name and its value in JSON.
std::string_view value_after(std::string_view body, std::size_t at) {
  const std::string_view rest = body.substr(at);
  const std::size_t begin = rest.find_first_not_of(" \t\r\n:\"\\");
  return begin == rest.npos ? std::string_view() : rest.substr(begin);
}

std::optional<SystemTime> google_details(std::string_view body, SystemTime now) {
  std::optional<SystemTime> latest;
  for (const std::string_view name : {"retryDelay", "quotaResetDelay"}) {
    const std::size_t at = body.find(name);
    if (at == body.npos) continue;
    if (const auto wait = duration(value_after(body, at + name.size()))) {
      latest = std::max(latest.value_or(SystemTime::min()), after(now, *wait));
    }
  }
  constexpr std::string_view kStamp = "quotaResetTimeStamp";
  if (const std::size_t at = body.find(kStamp); at != body.npos) {
    const std::string_view value = value_after(body, at + kStamp.size());
    if (const auto reset = moment(value.substr(0, value.find_first_of("\"\\")))) {
      latest = std::max(latest.value_or(SystemTime::min()), sensible(*reset, now));
    }
  }
  return latest;
}

std::optional<SystemTime> sentence(std::string_view body, std::string_view mark, SystemTime now) {
  for (std::size_t at = find_in_any_case(body, mark, 0); at != body.npos; at = find_in_any_case(body, mark, at + 1)) {
    if (const auto wait = duration(body.substr(at + mark.size()))) return after(now, *wait);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> duration(std::string_view text) {
  double total = 0;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc()) break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    const auto letters = static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
    const auto unit = seconds_in(text.substr(0, letters));
    if (!unit) break;
    total += std::min(value * *unit, kLongest);
    any = true;
    text.remove_prefix(letters);
  }
  return any ? std::optional(total) : std::nullopt;
}

std::optional<SystemTime> retry_in_body(std::string_view body, SystemTime now) {
  if (const auto stated = google_details(body, now)) return stated;
  for (const std::string_view mark : {"try again in ", "retry in ", "retry after ", "reset after "}) {
    if (const auto stated = sentence(body, mark, now)) return stated;
  }
  return std::nullopt;
}

}  // namespace sluice::provider
