#include "common/money/window.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::money {

namespace {

// The loader would also take paths and its own "Fixed/UTC+01:00:00"; "localtime" differs between machines, and "right/"
// counts leap seconds.
bool is_plain_name(std::string_view zone) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  return zone.size() <= 64 && std::ranges::all_of(zone, allowed) && !zone.starts_with('/') && !zone.ends_with('/') &&
         !zone.starts_with("right/") && zone != "localtime" && zone != "posixrules";
}

// Empty was dealt with before.
bool load(std::string_view zone, absl::TimeZone& out) {
  return is_plain_name(zone) && absl::LoadTimeZone(absl::string_view(zone.data(), zone.size()), &out);
}

// Loading takes a lock, and a thread asks for one zone again and again.
const absl::TimeZone* find(std::string_view zone) {
  struct Last {
    std::string name;
    absl::TimeZone zone = absl::UTCTimeZone();
  };
  thread_local Last last;
  if (zone == last.name) return &last.zone;
  absl::TimeZone loaded;
  if (!zone.empty() && !load(zone, loaded)) return nullptr;
  last.zone = zone.empty() ? absl::UTCTimeZone() : loaded;
  last.name = zone;
  return &last.zone;
}

SystemTime system_time(absl::Time at) {
  return SystemTime(std::chrono::microseconds(absl::ToUnixMicros(at)));
}

// A midnight that clocks skip is the moment they do; of one that comes twice it is the first.
WindowSpan span_of(std::string_view kind, absl::CivilDay name, absl::CivilDay next, const absl::TimeZone& zone) {
  return {.id = fmt::format("{}:{}", kind, absl::FormatCivilTime(name)),
          .from = system_time(absl::FromCivil(name, zone)),
          .to = system_time(absl::FromCivil(next, zone))};
}

}  // namespace

bool is_time_zone(std::string_view zone) {
  absl::TimeZone loaded;
  return zone.empty() || load(zone, loaded);
}

Result<WindowSpan> window_at(Window window, SystemTime at, std::string_view zone) {
  const absl::TimeZone* known = find(zone);
  if (known == nullptr) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("this machine does not know the time zone {}", zone));
  }
  if (window == Window::kTotal) return WindowSpan{.id = "total"};
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(at.time_since_epoch().count()), *known);
  if (window == Window::kDay) return span_of("day", day, day + 1, *known);
  if (window == Window::kWeek) {
    const absl::CivilDay monday = absl::PrevWeekday(day + 1, absl::Weekday::monday);
    return span_of("week", monday, monday + 7, *known);
  }
  const absl::CivilMonth month(day);
  WindowSpan span = span_of("month", absl::CivilDay(month), absl::CivilDay(month + 1), *known);
  span.id.resize(span.id.size() - 3);  // without the day
  return span;
}

}  // namespace sluice::money
