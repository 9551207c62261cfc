#include "controlplane/identity/scopes.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace sluice::identity {

namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
    "accounts.export",     "accounts.read", "accounts.write", "admin_tokens.read",
    "admin_tokens.write",  "alerts.read",   "alerts.write",   "api_keys.read",
    "api_keys.write",      "audit.read",    "groups.read",    "groups.write",
    "jobs.read",           "jobs.write",    "ledger.read",    "ledger.write",
    "mail.read",           "mail.write",    "nodes.read",     "nodes.write",
    "oauth.read",          "oauth.write",   "owners.write",   "prices.read",
    "prices.write",        "proxies.read",  "proxies.write",  "redeem_codes.read",
    "redeem_codes.write",  "requests.read", "self",           "settings.read",
    "settings.write",      "sign_in.read",  "sign_in.write",  "subscriptions.read",
    "subscriptions.write", "usage.read",    "usage.write",    "users.read",
    "users.write",
});
static_assert(kNames.size() <= 64);
static_assert(std::ranges::is_sorted(kNames));

std::optional<std::uint64_t> bit_of(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(kNames, name);
  if (found == kNames.end() || *found != name) return std::nullopt;
  return std::uint64_t{1} << (found - kNames.begin());
}

std::uint64_t all_that_read() {
  std::uint64_t bits = 0;
  for (const std::string_view name : kNames) {
    if (name.ends_with(".read")) bits |= *bit_of(name);
  }
  return bits;
}

}  // namespace

Scopes::Scopes(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::optional<std::uint64_t> bit = name == "*.read" ? all_that_read() : bit_of(name);
    if (!bit) std::abort();
    bits_ |= *bit;
  }
}

Scopes Scopes::all() {
  return Scopes((std::uint64_t{1} << kNames.size()) - 1);
}

Result<Scopes> Scopes::parse(std::span<const std::string> names) {
  Scopes scopes;
  for (const std::string& name : names) {
    const std::optional<std::uint64_t> bit = bit_of(name);
    if (!bit) return fail(ErrorCode::kInvalidArgument, "scopes: there is no scope \"" + name.substr(0, 64) + "\"");
    scopes.bits_ |= *bit;
  }
  return scopes;
}

std::span<const std::string_view> Scopes::names() {
  return kNames;
}

bool Scopes::exists(std::string_view name) {
  return bit_of(name).has_value();
}

bool Scopes::has(std::string_view name) const {
  const std::optional<std::uint64_t> bit = bit_of(name);
  return bit && (bits_ & *bit) != 0;
}

std::vector<std::string> Scopes::list() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((bits_ >> i & 1) != 0) out.emplace_back(kNames[i]);
  }
  return out;
}

}  // namespace sluice::identity
