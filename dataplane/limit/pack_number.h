// Whole numbers as MessagePack, which scripts unpack in one call. Free functions.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::limit {

inline void pack_number(std::int64_t number, std::string& into) {
  const auto append = [&](unsigned char kind, int bytes) {
    into.push_back(static_cast<char>(kind));
    while (bytes-- > 0)
      into.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * bytes)));
  };
  if (number >= 0 && number < 128) {
    append(static_cast<unsigned char>(number), 0);
  } else if (number >= 0 && number <= 0xffff) {
    append(0xcd, 2);
  } else if (number >= 0 && number <= 0xffffffff) {
    append(0xce, 4);
  } else {
    append(0xd3, 8);
  }
}

}  // namespace sluice::limit
