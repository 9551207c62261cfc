// Seals bytes under a passphrase: Argon2id (3 passes over 64 MiB) and XChaCha20-Poly1305, in a JSON envelope with a
// version that fixes these. Takes some 0.2 s and one at a time in a process; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::accounts {

inline constexpr std::size_t kShortestPassphrase = 12;
inline constexpr std::size_t kLongestPassphrase = 1'024;
inline constexpr std::size_t kLongestEnvelope = std::size_t{8} << 20;

// kInvalidArgument: the passphrase is too short or too long.
[[nodiscard]] Result<std::string> seal_under(std::string_view passphrase, const Secret& plain);
// kInvalidArgument: no envelope, an unknown version, another passphrase, or it was changed.
[[nodiscard]] Result<Secret> open_under(std::string_view passphrase, std::string_view envelope);

}  // namespace sluice::accounts
