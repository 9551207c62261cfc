// An order-free fingerprint of a set of resources: the sum modulo 2^256 of one BLAKE2b hash per live resource. Adding
// and removing cost one addition, so both planes keep it up to date change by change. Against mistakes, not forgery.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/config/v1/config.pb.h"

namespace sluice::resource {

using ResourceHash = std::array<std::uint8_t, 32>;

// Over kind, id, revision, state and payload, each with its length, so that no two resources share an encoding. Not
// over `moment`.
[[nodiscard]] ResourceHash hash(const config::v1::Resource& resource);

class Digest {
 public:
  void add(const ResourceHash& hash);
  // Undoes one add() of the same hash.
  void remove(const ResourceHash& hash);
  // 32 bytes, as in config.v1.Version.digest. Of no resources: 32 zeros.
  [[nodiscard]] std::string bytes() const { return {reinterpret_cast<const char*>(sum_.data()), sum_.size()}; }

  bool operator==(const Digest&) const = default;

 private:
  std::array<std::uint8_t, 32> sum_{};  // little-endian
};

}  // namespace sluice::resource
