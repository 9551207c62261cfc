#include "common/config/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace sluice::config {

bool CommandLine::has(std::string_view flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

std::expected<CommandLine, int> read_command_line(int argc, char** argv, std::string_view program,
                                                  std::initializer_list<std::string_view> extra) {
  const auto usage = [&] {
    fmt::print(stderr, "usage: {0} --config FILE [--check-config{1}{2}]\n       {0} --version\n", program,
               extra.size() == 0 ? "" : " | ", fmt::join(extra, " | "));
    return std::unexpected(2);
  };
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--version") {
      fmt::print("{} {}\n", program, SLUICE_VERSION);
      return std::unexpected(0);
    }
    if (argument == "--config" && i + 1 < argc) {
      line.config_file = argv[++i];
    } else if (argument == "--check-config") {
      line.check_config = true;
    } else if (std::find(extra.begin(), extra.end(), argument) != extra.end()) {
      line.flags.emplace_back(argument);
    } else {
      return usage();
    }
  }
  if (line.config_file.empty()) return usage();
  return line;
}

}  // namespace sluice::config
