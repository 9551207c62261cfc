// Bounds of what may be pushed to a node. Beyond them a resource, or a whole change set, is refused: config is
// untrusted input, and a file that doubled must not take the fleet down.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::resource {

inline constexpr std::size_t kMaxIdBytes = 64;
inline constexpr std::size_t kMaxPayloadBytes = 256 * 1024;
// Of a whole config, on one node.
inline constexpr std::size_t kMaxResources = 2'000'000;
inline constexpr std::size_t kMaxTotalBytes = std::size_t{1} << 30;

inline constexpr std::size_t kMaxNameBytes = 200;
inline constexpr std::size_t kMaxUrlBytes = 2'048;
inline constexpr std::size_t kMaxSecretBytes = 16 * 1024;
inline constexpr std::size_t kMaxPemBytes = 64 * 1024;
inline constexpr int kMaxGroupsPerAccount = 1'000;
inline constexpr int kMaxModelsPerAccount = 1'000;
inline constexpr int kMaxBoundHosts = 32;

inline constexpr std::uint32_t kMaxConcurrency = 1'000'000;
// 1,000 times; the product of two multipliers still fits in 63 bits.
inline constexpr std::uint64_t kMaxMultiplierPpm = 1'000'000'000;
// A million USD per million tokens, or per request.
inline constexpr std::int64_t kMaxPrice = 1'000'000'000'000'000;
inline constexpr std::int32_t kMaxPriority = 1'000'000;
inline constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{1} << 30;
inline constexpr std::uint32_t kMaxKeepaliveSeconds = 3'600;

}  // namespace sluice::resource
