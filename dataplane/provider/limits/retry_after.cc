#include "dataplane/provider/limits/retry_after.h"

#include <algorithm>
#include <charconv>

#include "dataplane/provider/limits/moment.h"

namespace sluice::provider {

namespace {

std::optional<double> whole_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  // Also not for "nan" and "inf".
  const bool fits = value >= 0 && value <= 1e11;
  return error == std::errc() && end == text.data() + text.size() && fits ? std::optional(value) : std::nullopt;
}

SystemTime after(SystemTime now, double in_seconds) {
  return sensible(now + std::chrono::microseconds(static_cast<std::int64_t>(std::min(in_seconds, 1e6) * 1e6)), now);
}

}  // namespace

std::optional<SystemTime> retry_after(const std::vector<http::Field>& fields, SystemTime now) {
  if (const auto ms = http::find(fields, "retry-after-ms")) {
    if (const auto value = whole_number(*ms)) return after(now, *value / 1000);
  }
  const auto field = http::find(fields, "retry-after");
  if (!field) return std::nullopt;
  if (const auto value = whole_number(*field)) return after(now, *value);
  const auto date = http_date(*field);
  return date ? std::optional(sensible(*date, now)) : std::nullopt;
}

}  // namespace sluice::provider
