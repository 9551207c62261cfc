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

inline constexpr int kMaxPauseRules = 32;
inline constexpr int kMaxPauseKeywords = 16;
inline constexpr std::size_t kMaxPauseKeywordBytes = 128;
inline constexpr std::uint32_t kMaxPauseMinutes = 7 * 24 * 60;
inline constexpr int kMaxProxiesPerAccount = 16;
inline constexpr std::size_t kMaxMappedModelBytes = 256;
// What one byte of length says in RFC 1929.
inline constexpr std::size_t kMaxProxyLoginBytes = 255;

inline constexpr std::uint32_t kMaxConcurrency = 1'000'000;
inline constexpr std::uint32_t kMaxPerMinute = 1'000'000'000;
// A billion USD: in micro-USD exact as a double, which is how Redis scripts count.
inline constexpr std::int64_t kMaxBudget = 1'000'000'000'000'000'000;
// 1,000 times; the product of two multipliers still fits in 63 bits.
inline constexpr std::uint64_t kMaxMultiplierPpm = 1'000'000'000;
// A million USD per million tokens, or per request.
inline constexpr std::int64_t kMaxPrice = 1'000'000'000'000'000;
inline constexpr int kMaxPriceTiers = 8;
inline constexpr int kMaxSpendings = 16;
inline constexpr int kMaxSubscriptions = 1'000;
inline constexpr int kMaxGrants = 1'000;
inline constexpr int kMaxModelAliases = 1'000;
inline constexpr int kMaxModelRoutes = 100;
inline constexpr int kMaxAccountsPerRoute = 1'000;
inline constexpr int kMaxNetworksPerKey = 64;
inline constexpr int kMaxModelsPerKey = 200;
inline constexpr std::size_t kMaxModelPatternBytes = 256;
inline constexpr std::size_t kMaxWindowIdBytes = 32;
inline constexpr std::int32_t kMaxPriority = 1'000'000;
inline constexpr std::uint32_t kMaxWeight = 10'000;
inline constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{1} << 30;
inline constexpr std::uint32_t kMaxKeepaliveSeconds = 3'600;
inline constexpr std::uint32_t kMaxWaiting = 100'000;
inline constexpr std::uint32_t kMaxWaitMs = 600'000;
inline constexpr std::uint32_t kMaxStickySeconds = 7 * 24 * 3'600;
inline constexpr std::uint32_t kMaxAttempts = 20;
inline constexpr std::uint32_t kMaxDeadlineMs = 3'600'000;
inline constexpr int kMaxLocalReplies = 64;
inline constexpr std::size_t kMaxLocalReplyNameBytes = 64;
inline constexpr std::size_t kMaxLocalReplyMatchBytes = 16 * 1024;
inline constexpr std::size_t kMaxLocalReplyBytes = 64 * 1024;

}  // namespace sluice::resource
