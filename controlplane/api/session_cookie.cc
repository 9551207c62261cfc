#include "controlplane/api/session_cookie.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "controlplane/identity/sessions.h"

namespace sluice::api {

namespace {

constexpr std::string_view kName = "sluice_session";

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

// Splits off the last part behind `separator`, and takes it from the text.
std::string_view take_last(std::string_view& text, char separator) {
  const std::size_t at = text.rfind(separator);
  const std::string_view last = at == std::string_view::npos ? text : text.substr(at + 1);
  text = at == std::string_view::npos ? std::string_view() : text.substr(0, at);
  return trimmed(last);
}

std::string network_of(Address address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), address.begin())) {
    inet_ntop(AF_INET, address.data() + kMapped.size(), text.data(), text.size());
    return fmt::format("{}/32", text.data());
  }
  std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
  inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  return fmt::format("{}/64", text.data());
}

std::string cookie(std::string_view value, long long seconds, bool secure) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", kName, value, seconds,
                     secure ? "; Secure" : "");
}

}  // namespace

std::string_view session_cookie(const http::WholeRequest& request) {
  std::string_view rest = request.field("cookie");
  while (!rest.empty()) {
    const std::string_view pair = take_last(rest, ';');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == kName) return pair.substr(equals + 1);
  }
  return {};
}

std::string session_cookie_field(std::string_view token, bool secure) {
  return cookie(token, std::chrono::seconds(identity::kSessionLifetime).count(), secure);
}

std::string no_session_cookie_field(bool secure) {
  return cookie("", 0, secure);
}

std::string client_network(const http::WholeRequest& request, std::span<const Network> trusted) {
  const std::optional<Address> here = parse_address("127.0.0.1");
  if (!here || !contains(trusted, *here)) return {};
  std::vector<std::string_view> fields;
  for (const auto& [name, value] : request.fields) {
    if (name == "x-forwarded-for") fields.emplace_back(value);
  }
  for (; !fields.empty(); fields.pop_back()) {
    std::string_view rest = fields.back();
    while (!rest.empty()) {
      const std::optional<Address> address = parse_address(take_last(rest, ','));
      if (!address) return {};
      if (!contains(trusted, *address)) return network_of(*address);
    }
  }
  return {};
}

std::string peer_network(std::string_view peer) {
  const std::size_t port = peer.rfind(':');
  if (port == std::string_view::npos) return {};
  std::string_view host = peer.substr(0, port);
  const auto cut = [&](std::string_view before, std::string_view after) {
    if (!host.starts_with(before)) return false;
    host.remove_prefix(before.size());
    if (host.ends_with(after)) host.remove_suffix(after.size());
    return true;
  };
  if (!cut("ipv4:", "") && !cut("ipv6:%5B", "%5D") && !cut("ipv6:[", "]")) return {};
  const std::optional<Address> address = parse_address(host);
  return address ? network_of(*address) : std::string();
}

}  // namespace sluice::api
