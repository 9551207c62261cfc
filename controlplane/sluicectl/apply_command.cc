#include "controlplane/sluicectl/apply_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <iostream>

#include "controlplane/sluicectl/commands.h"
#include "controlplane/sluicectl/execute.h"
#include "controlplane/sluicectl/manifest.h"
#include "controlplane/sluicectl/output.h"
#include "controlplane/sluicectl/plan.h"

namespace sluice::sluicectl {

namespace {

bool agreed() {
  fmt::print("Do it? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

// What an incomplete apply leaves behind.
void say_what_is_left(const Plan& plan, std::size_t done) {
  fmt::print(stderr, "Done: {} of {}. Not done:\n", done, plan.steps.size());
  for (std::size_t i = done; i < plan.steps.size(); ++i)
    fmt::print(stderr, "  {}\n", printable(plan.steps[i].label));
  fmt::print(stderr, "Run it again when the cause is gone: what is done stays done.\n");
}

}  // namespace

int complain(const Error& error) {
  // Only problems of files come in several lines.
  std::string_view rest = error.message;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    fmt::print(stderr, "sluicectl: {}\n", printable(line));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  if (error.message.find(kChangedMeanwhile) != std::string::npos) return kChanged;
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return kBadInput;
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return kNoAccess;
    default:
      return kFailed;
  }
}

int apply(const Client& client, const ApplyOptions& options) {
  const Result<Manifest> manifest = load_manifest(client.schema(), options.path);
  if (!manifest) return complain(manifest.error());
  const Result<Plan> plan = make_plan(client, *manifest, {.prune = options.prune, .set_secrets = options.set_secrets});
  if (!plan) return complain(plan.error());
  fmt::print("{}", describe(client.schema(), *plan));
  if (options.dry_run || plan->steps.empty()) return kDone;
  if (!options.yes) {
    if (isatty(STDIN_FILENO) == 0) {
      return complain({ErrorCode::kInvalidArgument, "nobody can be asked: say --yes, or --dry-run"});
    }
    if (!agreed()) return kFailed;
  }
  const Outcome outcome = execute(client, *plan, [](const std::string& line) { fmt::print("{}\n", printable(line)); });
  if (outcome.result) return kDone;
  std::fflush(stdout);
  const int code = complain(outcome.result.error());
  say_what_is_left(*plan, outcome.done);
  return outcome.done > 0 ? static_cast<int>(kPartly) : code;
}

}  // namespace sluice::sluicectl
