// A sealed blob in a file: written whole (temporary file, fsync, rename), mode 0600, read whole. For copies of state
// such as the node's snapshot. Any thread; one writer per path at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

inline constexpr std::size_t kMaxSealedFileBytes = 512U * 1024 * 1024;

// `key` is 32 raw bytes. After a crash the path holds either the old or the new content.
[[nodiscard]] Result<> write_sealed_file(const std::filesystem::path& path, const Secret& key, std::string_view context,
                                         std::string_view content);

// kNotFound if there is no such file; kDataLoss if it is damaged, too large, or was sealed with another key or context.
[[nodiscard]] Result<std::string> read_sealed_file(const std::filesystem::path& path, const Secret& key,
                                                   std::string_view context);

}  // namespace sluice::crypto
