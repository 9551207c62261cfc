// sluice-dataplane: serves AI clients. See dataplane/bootstrap/node.h for how it is put together and
// dataplane/request/serve.cc for what it does.
#include <cstdio>
#include <string_view>

#include "common/observe/log.h"
#include "dataplane/bootstrap/node.h"

namespace {

int usage(const char* program) {
  std::fprintf(stderr,
               "usage: %s --config FILE [--check-config]\n"
               "       %s --version\n",
               program, program);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view config_file;
  bool check_only = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--version") {
      std::printf("sluice-dataplane %s\n", SLUICE_VERSION);
      return 0;
    }
    if (argument == "--config" && i + 1 < argc) {
      config_file = argv[++i];
    } else if (argument == "--check-config") {
      check_only = true;
    } else {
      return usage(argv[0]);
    }
  }
  if (config_file.empty()) return usage(argv[0]);
  const auto config = sluice::bootstrap::read_node_config(config_file);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 2;
  }
  if (check_only) return 0;
  sluice::observe::LogOptions log;
  log.level = config->log_level;
  log.program = "dataplane";
  log.node = config->node_id;
  if (!sluice::observe::start_logging(log)) return 1;
  return sluice::bootstrap::run_node(*config);
}
