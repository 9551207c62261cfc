#include <fmt/core.h>

#include "common/crypto/secret_file.h"
#include "controlplane/sluicectl/manifest.h"
#include "controlplane/sluicectl/profile.h"

namespace sluice::sluicectl {

Result<Secret> SecretSource::read() const {
  if (from == From::kFile) return crypto::read_secret_file(place, "secret");
  std::string value = environment(place.c_str());
  if (value.empty()) {
    return fail(ErrorCode::kFailedPrecondition, fmt::format("the environment variable {} is not set", place));
  }
  return Secret(std::move(value));
}

}  // namespace sluice::sluicectl
