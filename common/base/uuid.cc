#include "common/base/uuid.h"

#include "common/base/random.h"

namespace sluice {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool dash_at(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

Uuid Uuid::generate(SystemTime now) {
  std::array<std::uint8_t, 16> bytes{};
  fill_random(bytes);
  auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (int i = 5; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms & 0xff);
    ms >>= 8;
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return Uuid(bytes);
}

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return fail(ErrorCode::kInvalidArgument, "a UUID has 36 characters");
  std::array<std::uint8_t, 16> bytes{};
  std::size_t digit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dash_at(i)) {
      if (text[i] != '-') return fail(ErrorCode::kInvalidArgument, "not a UUID: dash expected");
      continue;
    }
    int value = hex_value(text[i]);
    if (value < 0) return fail(ErrorCode::kInvalidArgument, "not a UUID: hexadecimal digit expected");
    bytes[digit / 2] = static_cast<std::uint8_t>((bytes[digit / 2] << 4) | value);
    ++digit;
  }
  return Uuid(bytes);
}

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (dash_at(text.size())) text.push_back('-');
    text.push_back(kHex[bytes_[i] >> 4]);
    text.push_back(kHex[bytes_[i] & 0x0f]);
  }
  return text;
}

SystemTime Uuid::time() const {
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i)
    ms = (ms << 8) | bytes_[i];
  return SystemTime(std::chrono::milliseconds(ms));
}

}  // namespace sluice
