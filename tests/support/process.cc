#include "tests/support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.h"

namespace sluice::testing {
namespace {

// Everything the child needs, made before fork(): after it only async-signal-safe calls are allowed.
struct Plan {
  std::vector<char*> argv;
  std::vector<char*> env;
  std::string log;
  std::string cwd;
  bool change_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t parent = getpid();
};

[[noreturn]] void run_child(const Plan& plan) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(plan.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  close_range(3, ~0U, 0);
  if (plan.change_user && (setgroups(1, &plan.gid) != 0 || setgid(plan.gid) != 0 || setuid(plan.uid) != 0)) _exit(126);
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(126);
  if (!plan.cwd.empty() && chdir(plan.cwd.c_str()) != 0) _exit(126);
  execvpe(plan.argv[0], plan.argv.data(), plan.env.data());
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& text : strings)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
  std::vector<std::string> out = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string prefix = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const auto& added : extra)
      replaced = replaced || added.starts_with(prefix);
    if (!replaced) out.push_back(text);
  }
  return out;
}

}  // namespace

Process::Process(ProcessOptions options) : options_(std::move(options)) {
  Plan plan;
  auto environment = merged_environment(options_.env);
  plan.argv = pointers(options_.argv);
  plan.env = pointers(environment);
  plan.log = options_.log.empty() ? "/dev/null" : options_.log.string();
  plan.cwd = options_.cwd.string();
  if (!options_.run_as.empty() && geteuid() == 0) {
    const passwd* user = getpwnam(options_.run_as.c_str());
    if (user == nullptr) throw std::runtime_error("no system user " + options_.run_as);
    plan.change_user = true;
    plan.uid = user->pw_uid;
    plan.gid = user->pw_gid;
  }
  pid_ = fork();
  if (pid_ == 0) run_child(plan);
  if (pid_ < 0) throw std::runtime_error("cannot fork for " + options_.argv.at(0));
}

Process::Process(Process&& other) noexcept
    : options_(std::move(other.options_)), pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

Process::~Process() {
  if (pid_ < 0) return;
  kill(SIGKILL);
  if (!status_) waitpid(pid_, nullptr, 0);
}

bool Process::running() {
  if (status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Process::kill(int signal) {
  if (running()) ::kill(pid_, signal);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  if (!eventually(limit, [this] { return !running(); })) return std::nullopt;
  return status_;
}

bool process_ended(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  if (!std::getline(file, stat)) return true;
  // The state follows the program's name, which stands in parentheses and may hold anything.
  const auto name_end = stat.rfind(')');
  return name_end + 2 < stat.size() && stat[name_end + 2] == 'Z';
}

std::string Process::log_text() const {
  std::ifstream file(options_.log);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sluice::testing
