// Runs sluicectl as a process against a control plane. Main thread.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/api/control_plane.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace sluice::testing {

struct Ran {
  int code = -1;
  std::string out;  // stdout and stderr
};

// One person's place: a folder for his login and his files.
class Desk {
 public:
  explicit Desk(const ControlPlane& plane = ControlPlane::shared()) : plane_(plane) {}

  // With endpoint and token in the environment. `env`: "NAME=VALUE".
  Ran run(const std::vector<std::string>& arguments, const std::vector<std::string>& env = {});
  // Without them: only what is stored.
  Ran run_bare(const std::vector<std::string>& arguments, const std::vector<std::string>& env = {});
  // A program line for sh; $CTL is sluicectl.
  Ran shell(const std::string& line, const std::vector<std::string>& env = {});
  // A file of his; the path.
  std::string file(const std::string& name, const std::string& text);

  [[nodiscard]] const ControlPlane& plane() const { return plane_; }
  [[nodiscard]] const TempDir& dir() const { return dir_; }

 private:
  Ran start(std::vector<std::string> argv, std::vector<std::string> env);

  const ControlPlane& plane_;
  TempDir dir_;
  int runs_ = 0;
};

}  // namespace sluice::testing
