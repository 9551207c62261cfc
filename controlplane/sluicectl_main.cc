// sluicectl: a command-line client of the control plane. See docs/sluicectl.md.
#include "controlplane/sluicectl/commands.h"

int main(int argc, char** argv) {
  return sluice::sluicectl::run_command_line(argc, argv);
}
