#include "controlplane/billing/redeem_format.h"

#include <array>
#include <cstdint>

#include "common/base/random.h"

namespace sluice::billing {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kGroup = 5;
constexpr std::size_t kLength = 30;
constexpr std::string_view kPrefix = "SR";

char plain(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  return c == 'I' || c == 'L' ? '1' : c;
}

}  // namespace

Secret generate_redeem_code() {
  std::array<std::uint8_t, kLength> random{};
  fill_random(random);
  std::string code(kPrefix);
  for (std::size_t i = 0; i < kLength; ++i) {
    if (i % kGroup == 0) code += '-';
    code += kAlphabet[random[i] % kAlphabet.size()];  // 32 divides 256: no letter is likelier
  }
  return Secret(std::move(code));
}

std::optional<Secret> canonical_redeem_code(std::string_view typed) {
  std::string code;
  for (const char c : typed) {
    if (c == '-' || c == ' ') continue;
    code += plain(c);
    if (code.size() > kPrefix.size() + kLength) return std::nullopt;
  }
  if (code.size() != kPrefix.size() + kLength || !code.starts_with(kPrefix) ||
      code.find_first_not_of(kAlphabet) != std::string::npos) {
    return std::nullopt;
  }
  return Secret(std::move(code));
}

}  // namespace sluice::billing
