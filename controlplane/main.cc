// sluice-controlplane: owns the database, the admin API and the config of all nodes. See
// controlplane/bootstrap/control_plane.h for how it is put together.
#include <cstdio>

#include "common/config/command_line.h"
#include "common/observe/log.h"
#include "controlplane/bootstrap/control_plane.h"

int main(int argc, char** argv) {
  const auto line =
      sluice::config::read_command_line(argc, argv, "sluice-controlplane", {"--migrate-only", "--rotate-keys"});
  if (!line) return line.error();
  const auto config = sluice::bootstrap::read_control_config(line->config_file);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 2;
  }
  if (line->check_config) return 0;
  sluice::observe::LogOptions log;
  log.level = config->log_level;
  log.program = "controlplane";
  if (!sluice::observe::start_logging(log)) return 1;
  if (line->has("--rotate-keys")) return sluice::bootstrap::rotate_keys(*config);
  return line->has("--migrate-only") ? sluice::bootstrap::migrate_only(*config)
                                     : sluice::bootstrap::run_control_plane(*config);
}
