#include "common/observe/log_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <cmath>

#include "common/observe/redact.h"
#include "common/observe/utf8.h"

namespace sluice::observe {

namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

struct Encode {
  std::string operator()(std::string_view text) const { return quoted(valid_utf8(redact(text))); }
  std::string operator()(std::int64_t value) const { return fmt::to_string(value); }
  std::string operator()(std::uint64_t value) const { return fmt::to_string(value); }
  std::string operator()(double value) const { return std::isfinite(value) ? fmt::format("{:.9g}", value) : "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
};

void append(std::string& line, std::string_view name, const Field::Value& value) {
  if (line.size() > 1) line += ',';
  line.append(quoted(valid_utf8(name))).append(":").append(std::visit(Encode{}, value));
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "unknown";
}

std::string log_line(SystemTime now, Level level, std::string_view program, std::string_view node,
                     std::string_view event, std::span<const Field> fields) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(second.time_since_epoch().count()),
                                       (now - second).count());
  std::string line = "{";
  append(line, "time", time);
  append(line, "level", name(level));
  append(line, "event", event);
  if (!program.empty()) append(line, "program", program);
  if (!node.empty()) append(line, "node", node);
  for (const Field& field : fields)
    append(line, field.name(), field.value());
  line += '}';
  return line;
}

}  // namespace sluice::observe
