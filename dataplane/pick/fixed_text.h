// A short text in place, without allocation; what does not fit is cut off (never inside a UTF-8 sequence).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::pick {

template <std::size_t N>
class FixedText {
  static_assert(N <= 255);

 public:
  FixedText() = default;
  FixedText(std::string_view text) {  // NOLINT: stands for a text
    std::size_t size = text.size();
    if (size > N) {
      size = N;
      while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
        --size;
    }
    if (size > 0) std::memcpy(bytes_.data(), text.data(), size);
    size_ = static_cast<std::uint8_t>(size);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::array<char, N> bytes_{};
  std::uint8_t size_ = 0;
};

// Ids of resources are UUIDs in text form.
using IdText = FixedText<36>;

}  // namespace sluice::pick
