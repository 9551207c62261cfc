// The command line that both programs share: --config FILE, --check-config, --version and a few flags of their own.
#pragma once

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

struct CommandLine {
  std::string config_file;
  bool check_config = false;       // read the config file, say what is wrong with it, and end
  std::vector<std::string> flags;  // of `extra`, as given

  [[nodiscard]] bool has(std::string_view flag) const;
};

// The error is the exit code: usage, or the version, has been printed.
[[nodiscard]] std::expected<CommandLine, int> read_command_line(int argc, char** argv, std::string_view program,
                                                                std::initializer_list<std::string_view> extra = {});

}  // namespace sluice::config
