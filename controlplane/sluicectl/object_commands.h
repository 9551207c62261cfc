// Commands about single objects: what they read and print. Main thread. All return exit codes.
#pragma once

#include <string>

#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/objects.h"

namespace sluice::sluicectl {

// Prints the text, or the error.
[[nodiscard]] int print(const Result<std::string>& text);

enum class ChangeKind : std::uint8_t { kCreate, kUpdate, kDelete, kDisable, kEnable };
struct ChangeOptions {
  ChangeKind what = ChangeKind::kCreate;
  std::string kind;
  std::string name;
  std::string file;  // JSON; "-" is stdin
};
[[nodiscard]] int change(const Client& client, const ChangeOptions& options);

// `run`: the job to make due now; empty: shows all.
[[nodiscard]] int jobs(const Client& client, const std::string& run, Format format);
struct TestOptions {
  std::string name;    // an id or a name
  std::string model;   // empty: one that the account lists
  std::string prompt;  // empty: a greeting
};
// Prints what happens while it happens. kFailed if the account does not work.
[[nodiscard]] int test_account(const Client& client, const TestOptions& options);

}  // namespace sluice::sluicectl
