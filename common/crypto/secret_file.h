// Secrets that lie in files: keys, passwords, tokens. A file that is missing, malformed or readable by everyone is an
// error that says what to do about it and never shows the content. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

inline constexpr std::size_t kKeyBytes = 32;

// 64 hex digits, white space around them allowed; returns 32 raw bytes. `what` names the key in errors: "pepper".
[[nodiscard]] Result<Secret> read_key_file(const std::filesystem::path& path, std::string_view what);

// One line of text, such as a password; white space around it is dropped. At most 64 KiB, not empty.
[[nodiscard]] Result<Secret> read_secret_file(const std::filesystem::path& path, std::string_view what);

}  // namespace sluice::crypto
