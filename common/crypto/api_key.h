// API keys as they are stored and looked up: HMAC-SHA256 under the pepper. Keys have 256 random bits, so a fast hash
// is enough, and without the pepper a stolen table is worthless. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

using ApiKeyHash = std::array<std::uint8_t, 32>;

class ApiKeyHasher {
 public:
  // The file holds 64 hex digits; see read_key_file() for what is refused.
  [[nodiscard]] static Result<ApiKeyHasher> from_file(const std::filesystem::path& path);
  // `pepper` is 32 raw bytes.
  explicit ApiKeyHasher(const Secret& pepper);
  ApiKeyHasher(ApiKeyHasher&&) noexcept;
  ApiKeyHasher& operator=(ApiKeyHasher&&) noexcept;
  ~ApiKeyHasher();

  // The same work for every key of the same length, known or not.
  [[nodiscard]] ApiKeyHash hash(std::string_view key) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace sluice::crypto
