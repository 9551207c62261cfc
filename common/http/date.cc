#include "common/http/date.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace sluice::http {

namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Cached {
  std::int64_t second = -1;
  std::array<char, 32> text{};
  std::size_t size = 0;
};

void write_date(Cached& cached, std::chrono::sys_seconds when) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  const auto end = fmt::format_to_n(cached.text.data(), cached.text.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                                    kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                                    kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                                    time.hours().count(), time.minutes().count(), time.seconds().count());
  cached.size = end.size;
}

}  // namespace

std::string_view http_date(SystemTime now) {
  thread_local Cached cached;
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second.time_since_epoch().count() != cached.second) {
    cached.second = second.time_since_epoch().count();
    write_date(cached, second);
  }
  return {cached.text.data(), cached.size};
}

}  // namespace sluice::http
