#include "controlplane/db/param.h"

#include <fmt/format.h>

namespace sluice::db {

std::string format_time(SystemTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

void Param::append_element(const Param& element) {
  if (value_->size() > 1) *value_ += ',';
  if (element.null()) {
    *value_ += "NULL";
    return;
  }
  *value_ += '"';
  if (element.binary()) {
    *value_ += R"(\\x)";
    for (const char byte : element.value())
      fmt::format_to(std::back_inserter(*value_), "{:02x}", byte & 0xff);
  } else {
    for (const char c : element.value()) {
      if (c == '"' || c == '\\') *value_ += '\\';
      *value_ += c;
    }
  }
  *value_ += '"';
}

}  // namespace sluice::db
