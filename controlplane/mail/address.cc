#include "controlplane/mail/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "common/base/ascii.h"

namespace sluice::mail {

namespace {

constexpr std::size_t kLongestAddress = 254;
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestLabel = 63;
constexpr std::string_view kAtomMarks = "!#$%&'*+-/=?^_`{|}~";

bool is_atom(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_ascii_alnum(c) || kAtomMarks.find(c) != std::string_view::npos;
  });
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_ascii_alnum(c) || c == '-'; });
}

// Whether every part between dots is one.
bool all_parts(std::string_view text, bool (*is_part)(std::string_view)) {
  if (text.empty()) return false;  // which would have no parts at all
  return std::ranges::all_of(text | std::views::split('.'),
                             [&](const auto& part) { return is_part(std::string_view(part.begin(), part.end())); });
}

bool is_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at > kLongestLocalPart || address.size() > kLongestAddress) return false;
  return all_parts(address.substr(0, at), is_atom) && all_parts(address.substr(at + 1), is_label);
}

}  // namespace

Result<> check_address(std::string_view field, std::string_view address) {
  if (is_address(address)) return {};
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: must be an e-mail address such as ada@example.com", field));
}

std::string domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : ascii_lower(address.substr(at + 1));
}

}  // namespace sluice::mail
