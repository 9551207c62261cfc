#include "dataplane/provider/limits/moment.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace sluice::provider {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes exactly that many digits.
bool take_digits(std::string_view& text, std::size_t count, int& into) {
  if (text.size() < count || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), is_digit)) {
    return false;
  }
  std::from_chars(text.data(), text.data() + count, into);
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".25": at least one digit has to follow the point.
bool take_fraction(std::string_view& text, microseconds& into) {
  if (!take(text, ".")) return true;
  std::int64_t unit = 100'000;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits, unit /= 10)
    into += microseconds(unit * (text[digits] - '0'));
  text.remove_prefix(digits);
  return digits > 0;
}

// "Z", "+02:00" or "-0830": how far local time is ahead of UTC.
bool take_offset(std::string_view& text, seconds& into) {
  if (take(text, "Zz")) return true;
  const bool behind = text.starts_with('-');
  int hours = 0;
  int minutes = 0;
  if (!take(text, "+-") || !take_digits(text, 2, hours)) return false;
  take(text, ":");
  if (!take_digits(text, 2, minutes) || hours > 23 || minutes > 59) return false;
  into = std::chrono::hours(behind ? -hours : hours) + std::chrono::minutes(behind ? -minutes : minutes);
  return true;
}

std::optional<SystemTime> rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  microseconds fraction{0};
  seconds offset{0};
  const bool read = take_digits(text, 4, year) && take(text, "-") && take_digits(text, 2, month) && take(text, "-") &&
                    take_digits(text, 2, day) && take(text, "Tt ") && take_digits(text, 2, hour) && take(text, ":") &&
                    take_digits(text, 2, minute) && take(text, ":") && take_digits(text, 2, second) &&
                    take_fraction(text, fraction) && take_offset(text, offset);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!read || !text.empty() || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return SystemTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                    std::chrono::minutes(minute) + seconds(second) + fraction - offset);
}

}  // namespace

SystemTime sensible(SystemTime at, SystemTime now) {
  return std::clamp(at, now + seconds(1), now + std::chrono::days(7));
}

std::optional<SystemTime> moment(std::string_view text) {
  double unix_seconds = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), unix_seconds, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return rfc3339(text);
  // Also not for "nan" and "inf".
  if (!(unix_seconds >= 0 && unix_seconds < 1e11)) return std::nullopt;
  return SystemTime(microseconds(static_cast<std::int64_t>(unix_seconds * 1e6)));
}

std::optional<SystemTime> http_date(std::string_view text) {
  std::tm parsed{};
  const std::string copy(text);
  if (::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed) == nullptr) return std::nullopt;
  const std::time_t at = ::timegm(&parsed);
  return at < 0 ? std::nullopt : std::optional(SystemTime(seconds(at)));
}

}  // namespace sluice::provider
