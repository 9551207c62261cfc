#include "dataplane/provider/limits/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace sluice::provider {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

std::optional<double> number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value) || value < 0 || value > 1e11) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<double> whole_number(std::string_view text) {
  const auto value = number(text);
  return text.empty() ? value : std::nullopt;
}

SystemTime after(SystemTime now, double in_seconds) {
  return sensible(now + microseconds(static_cast<std::int64_t>(std::min(in_seconds, 1e6) * 1e6)), now);
}

std::optional<SystemTime> from_tm(const char* end, std::tm& parsed) {
  if (end == nullptr) return std::nullopt;
  const std::time_t at = ::timegm(&parsed);
  if (at < 0) return std::nullopt;
  return SystemTime(seconds(at));
}

// "34.5s", "1m2.5s", "2h", "250ms": the durations of Go, which vendors print.
std::optional<double> duration(std::string_view text) {
  double total = 0;
  bool any = false;
  while (!text.empty() && (text.front() >= '0' && text.front() <= '9')) {
    const auto value = number(text);
    if (!value) return std::nullopt;
    if (text.starts_with("ms")) {
      total += *value / 1000;
      text.remove_prefix(2);
    } else if (!text.empty() && std::string_view("smhd").find(text.front()) != std::string_view::npos) {
      const double unit = text.front() == 's' ? 1 : text.front() == 'm' ? 60 : text.front() == 'h' ? 3600 : 86'400;
      total += *value * unit;
      text.remove_prefix(1);
    } else {
      break;
    }
    any = true;
  }
  return any ? std::optional(total) : std::nullopt;
}

}  // namespace

SystemTime sensible(SystemTime at, SystemTime now) {
  return std::clamp(at, now + seconds(1), now + std::chrono::days(7));
}

std::optional<SystemTime> moment(std::string_view text) {
  if (const auto unix_seconds = whole_number(text)) {
    return SystemTime(microseconds(static_cast<std::int64_t>(*unix_seconds * 1e6)));
  }
  std::tm parsed{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parsed);
  if (end != nullptr && *end == '.') end += 1 + std::string_view(end + 1).find_first_not_of("0123456789");
  if (end == nullptr || *end != 'Z') return std::nullopt;
  return from_tm(end, parsed);
}

std::optional<SystemTime> retry_after(const std::vector<http::Field>& fields, SystemTime now) {
  if (const auto ms = http::find(fields, "retry-after-ms")) {
    if (const auto value = whole_number(*ms)) return after(now, *value / 1000);
  }
  const auto field = http::find(fields, "retry-after");
  if (!field) return std::nullopt;
  if (const auto value = whole_number(*field)) return after(now, *value);
  std::tm parsed{};
  const std::string copy(*field);
  const auto date = from_tm(::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed), parsed);
  return date ? std::optional(sensible(*date, now)) : std::nullopt;
}

std::optional<SystemTime> retry_in_body(std::string_view body, SystemTime now) {
  for (const std::string_view mark : {"\"retryDelay\"", "try again in ", "Try again in "}) {
    const std::size_t at = body.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view rest = body.substr(at + mark.size());
    const std::size_t digits = rest.find_first_not_of(" :\"");
    if (digits == std::string_view::npos || digits > 8) continue;
    if (const auto wait = duration(rest.substr(digits))) return after(now, *wait);
  }
  return std::nullopt;
}

}  // namespace sluice::provider
