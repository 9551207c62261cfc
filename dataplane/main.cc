// sluice-dataplane: serves AI clients. See dataplane/bootstrap/node.h for how it is put together and
// dataplane/request/serve.cc for what it does.
#include <cstdio>

#include "common/config/command_line.h"
#include "common/observe/log.h"
#include "dataplane/bootstrap/node.h"

int main(int argc, char** argv) {
  const auto line = sluice::config::read_command_line(argc, argv, "sluice-dataplane");
  if (!line) return line.error();
  const auto config = sluice::bootstrap::read_node_config(line->config_file);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 2;
  }
  if (line->check_config) return 0;
  sluice::observe::LogOptions log;
  log.level = config->log_level;
  log.program = "dataplane";
  log.node = config->node_id;
  if (!sluice::observe::start_logging(log)) return 1;
  return sluice::bootstrap::run_node(*config);
}
