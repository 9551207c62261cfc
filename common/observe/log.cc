#include "common/observe/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>

namespace sluice::observe {

namespace {

std::atomic<Level> threshold{Level::kInfo};
std::string& program_name() {
  static std::string name = "sluice";
  return name;
}

std::string_view name_of(Level level) {
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
  return "error";
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> made = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("%v");
    return std::make_shared<spdlog::logger>("sluice", std::move(sink));
  }();
  return *made;
}

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

// Shorter runs are words such as "sk-" in a message, not credentials.
constexpr std::size_t kShortestCredential = 12;

}  // namespace

Result<Level> parse_level(std::string_view text) {
  for (Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (text == name_of(level)) return level;
  }
  return fail(ErrorCode::kInvalidArgument, "a log level is one of debug, info, warn, error");
}

std::string masked(std::string_view text) {
  std::string out(text);
  for (std::string_view prefix : {"sk-", "sat-", "Bearer ", "bearer "}) {
    for (std::size_t at = out.find(prefix); at != std::string::npos; at = out.find(prefix, at + prefix.size())) {
      const std::size_t from = at + prefix.size();
      std::size_t end = from;
      while (end < out.size() && is_token_char(out[end]))
        ++end;
      if (end - from >= kShortestCredential) out.replace(from, end - from, "***");
    }
  }
  return out;
}

void start_log(std::string_view program, Level level) {
  program_name() = program;
  threshold = level;
  logger().set_level(spdlog::level::trace);
  logger().flush_on(spdlog::level::trace);
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < threshold.load(std::memory_order_relaxed)) return;
  boost::json::object line;
  line["time"] = timestamp();
  line["level"] = name_of(level);
  line["program"] = program_name();
  line["event"] = event;
  for (const Field& field : fields) {
    if (field.number) {
      line[field.name] = boost::json::parse(field.value);
    } else {
      line[field.name] = masked(field.value);
    }
  }
  logger().log(spdlog::level::info, "{}", boost::json::serialize(line));
}

}  // namespace sluice::observe
