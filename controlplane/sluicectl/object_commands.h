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
// Prints what the server streams about a real request through the account. `model` may be empty.
[[nodiscard]] int test_account(const Client& client, const std::string& name, const std::string& model);

}  // namespace sluice::sluicectl
