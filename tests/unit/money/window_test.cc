#include "common/money/window.h"

#include <catch2/catch.hpp>
#include <random>

namespace sluice::money {

namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::seconds;

SystemTime utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  const std::chrono::sys_days days = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return SystemTime(days) + hours(hour) + std::chrono::minutes(minute);
}

WindowSpan at(Window window, SystemTime time, std::string_view zone) {
  Result<WindowSpan> span = window_at(window, time, zone);
  REQUIRE(span);
  return *span;
}

}  // namespace

TEST_CASE("zones are known by their IANA names alone") {
  for (const char* zone : {"", "UTC", "Etc/GMT+5", "America/New_York", "America/Argentina/Buenos_Aires"}) {
    CAPTURE(zone);
    CHECK(is_time_zone(zone));
    CHECK(window_at(Window::kDay, utc(2026, 11, 23), zone));
  }
  for (const char* zone : {"Mars/Olympus", "America", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "localtime",
                           "right/UTC", "Fixed/UTC+01:00:00", "file:UTC", "libc:localtime", " UTC", "UTC\n"}) {
    CAPTURE(zone);
    CHECK_FALSE(is_time_zone(zone));
    const Result<WindowSpan> span = window_at(Window::kDay, utc(2026, 11, 23), zone);
    REQUIRE_FALSE(span);
    CHECK(span.error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a window begins with its first microsecond and ends before the next one's") {
  const WindowSpan day = at(Window::kDay, utc(2026, 11, 23), "");
  CHECK(day.id == "day:2026-11-23");
  CHECK(day.from == utc(2026, 11, 23));
  CHECK(day.to == utc(2026, 11, 24));
  CHECK(at(Window::kDay, day.to - microseconds(1), "").id == "day:2026-11-23");
  CHECK(at(Window::kDay, day.from - microseconds(1), "").id == "day:2026-11-22");
  CHECK(at(Window::kDay, day.to, "").id == "day:2026-11-24");
}

TEST_CASE("weeks begin on Mondays, also over the end of a year") {
  CHECK(at(Window::kWeek, utc(2026, 11, 23), "").id == "week:2026-11-23");   // a Monday itself
  const WindowSpan week = at(Window::kWeek, utc(2026, 11, 29, 23, 59), "");  // its Sunday
  CHECK(week.id == "week:2026-11-23");
  CHECK(week.from == utc(2026, 11, 23));
  CHECK(week.to == utc(2026, 11, 30));
  CHECK(at(Window::kWeek, utc(2026, 11, 30), "").id == "week:2026-11-30");
  CHECK(at(Window::kWeek, utc(2027, 1, 2), "").id == "week:2026-12-28");
}

TEST_CASE("months have their lengths") {
  const WindowSpan leap = at(Window::kMonth, utc(2028, 2, 29, 12), "");
  CHECK(leap.id == "month:2028-02");
  CHECK(leap.to - leap.from == hours(29 * 24));
  CHECK(at(Window::kDay, utc(2028, 2, 29, 12), "").id == "day:2028-02-29");
  const WindowSpan december = at(Window::kMonth, utc(2026, 12, 31, 23, 59), "");
  CHECK(december.id == "month:2026-12");
  CHECK(december.to == utc(2027, 1, 1));
}

TEST_CASE("the total never ends") {
  const WindowSpan total = at(Window::kTotal, utc(2026, 11, 23), "Asia/Shanghai");
  CHECK(total.id == "total");
  CHECK(total.from == SystemTime{});
  CHECK(total.to == SystemTime::max());
}

TEST_CASE("days are 23 and 25 hours long in New York when clocks change") {
  const WindowSpan spring = at(Window::kDay, utc(2026, 3, 8, 12), "America/New_York");
  CHECK(spring.id == "day:2026-03-08");
  CHECK(spring.from == utc(2026, 3, 8, 5));
  CHECK(spring.to == utc(2026, 3, 9, 4));
  const WindowSpan autumn = at(Window::kDay, utc(2026, 11, 1, 12), "America/New_York");
  CHECK(autumn.id == "day:2026-11-01");
  CHECK(autumn.to - autumn.from == hours(25));
  // Both hours between one and two belong to it.
  CHECK(at(Window::kDay, utc(2026, 11, 1, 5, 30), "America/New_York").id == autumn.id);
  CHECK(at(Window::kDay, utc(2026, 11, 1, 6, 30), "America/New_York").id == autumn.id);
  const WindowSpan week = at(Window::kWeek, utc(2026, 11, 1, 12), "America/New_York");
  CHECK(week.id == "week:2026-10-26");
  CHECK(week.to - week.from == hours(7 * 24 + 1));
}

TEST_CASE("Shanghai and Kiritimati are ahead of UTC") {
  CHECK(at(Window::kDay, utc(2026, 11, 22, 16), "Asia/Shanghai").id == "day:2026-11-23");
  CHECK(at(Window::kDay, utc(2026, 11, 22, 15, 59), "Asia/Shanghai").id == "day:2026-11-22");
  CHECK(at(Window::kMonth, utc(2026, 10, 31, 16), "Asia/Shanghai").id == "month:2026-11");
  const WindowSpan day = at(Window::kDay, utc(2026, 11, 22, 10), "Pacific/Kiritimati");
  CHECK(day.id == "day:2026-11-23");
  CHECK(day.from == utc(2026, 11, 22, 10));
  CHECK(at(Window::kWeek, utc(2026, 11, 22, 10), "Pacific/Kiritimati").id == "week:2026-11-23");
}

TEST_CASE("a day may begin after a midnight that clocks skip") {
  // Cairo's clocks went from 00:00 to 01:00 on 2026-04-24.
  const WindowSpan day = at(Window::kDay, utc(2026, 4, 24, 12), "Africa/Cairo");
  CHECK(day.id == "day:2026-04-24");
  CHECK(day.from == utc(2026, 4, 23, 22));
  CHECK(day.to - day.from == hours(23));
}

TEST_CASE("windows follow each other without gap or overlap everywhere") {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> second(utc(1995, 1, 2).time_since_epoch() / seconds(1),
                                                     utc(2037, 1, 1).time_since_epoch() / seconds(1));
  for (const char* zone : {"", "America/New_York", "Asia/Shanghai", "Pacific/Kiritimati", "Africa/Cairo",
                           "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"}) {
    for (const Window window : {Window::kDay, Window::kWeek, Window::kMonth}) {
      for (int i = 0; i < 200; ++i) {
        const SystemTime time = SystemTime(seconds(second(random)));
        CAPTURE(zone, static_cast<int>(window), time.time_since_epoch().count());
        const WindowSpan span = at(window, time, zone);
        REQUIRE(span.from <= time);
        REQUIRE(time < span.to);
        REQUIRE(at(window, span.from, zone).id == span.id);
        REQUIRE(at(window, span.to - microseconds(1), zone).id == span.id);
        const WindowSpan next = at(window, span.to, zone);
        REQUIRE(next.from == span.to);
        REQUIRE(next.id > span.id);
      }
    }
  }
}

}  // namespace sluice::money
