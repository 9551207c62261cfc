#include "tests/integration/sluicectl/run.h"

#include <fstream>

namespace sluice::testing {

namespace {

std::string program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "controlplane" / "sluicectl";
}

}  // namespace

Ran Desk::start(std::vector<std::string> argv, std::vector<std::string> env) {
  env.push_back("XDG_CONFIG_HOME=" + (dir_ / "config").string());
  env.push_back("CTL=" + program());
  Process process({.argv = std::move(argv),
                   .env = std::move(env),
                   .log = dir_ / ("log" + std::to_string(++runs_)),
                   .cwd = dir_.path()});
  const std::optional<int> code = process.wait(kGenerous);
  return {.code = code.value_or(-1), .out = process.log_text()};
}

Ran Desk::run(const std::vector<std::string>& arguments, const std::vector<std::string>& env) {
  std::vector<std::string> all = env;
  all.insert(all.begin(), {"SLUICE_ENDPOINT=" + plane_.grpc_address(), "SLUICE_TOKEN=" + plane_.token()});
  return run_bare(arguments, all);
}

Ran Desk::run_bare(const std::vector<std::string>& arguments, const std::vector<std::string>& env) {
  std::vector<std::string> argv{program()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return start(std::move(argv), env);
}

Ran Desk::shell(const std::string& line, const std::vector<std::string>& env) {
  return start({"sh", "-c", line}, env);
}

std::string Desk::file(const std::string& name, const std::string& text) {
  std::ofstream(dir_ / name) << text;
  return dir_ / name;
}

}  // namespace sluice::testing
