#include "common/observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <span>
#include <utility>

#include "common/observe/log_line.h"

namespace sluice::observe {

namespace {

// spdlog writes; what a line holds is decided in log_line.cc.
struct Logger {
  LogOptions options;
  std::shared_ptr<spdlog::logger> out;
};

std::shared_ptr<spdlog::logger> writer(spdlog::sink_ptr sink) {
  auto out = std::make_shared<spdlog::logger>("sluice", std::move(sink));
  out->set_pattern("%v");
  out->set_level(spdlog::level::trace);
  out->flush_on(spdlog::level::trace);
  return out;
}

Logger& logger() {
  // Never destroyed: other threads may log while the process ends.
  static auto* the_logger = new Logger{LogOptions{}, writer(std::make_shared<spdlog::sinks::stderr_sink_mt>())};
  return *the_logger;
}

}  // namespace

bool start_logging(LogOptions options) {
  if (!options.path.empty()) {
    try {
      logger().out = writer(std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.path));
    } catch (const spdlog::spdlog_ex&) {
      return false;
    }
  }
  logger().options = std::move(options);
  return true;
}

bool enabled(Level level) {
  return level >= logger().options.level;
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const Logger& to = logger();
  const std::string line = log_line(RealClock().now(), level, to.options.program, to.options.node, event,
                                    std::span(fields.begin(), fields.size()));
  to.out->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace sluice::observe
