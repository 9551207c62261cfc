// What the test proxy says before a tunnel is open.
#include "tests/support/egress_proxy.h"

namespace sluice::testing {

namespace {

std::string base64(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= text.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::uint16_t port_of(std::string_view two_bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(two_bytes[0]) << 8 |
                                    static_cast<unsigned char>(two_bytes[1]));
}

}  // namespace

int EgressProxy::handshake_connect(int client) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    if (!take(client, head, 1)) return -1;
  }
  if (!react(client, mood_)) return -1;
  const std::string login = "\r\nProxy-Authorization: Basic " + base64(username_ + ":" + password_) + "\r\n";
  if (!username_.empty() && head.find(login) == std::string::npos) {
    ++refused_logins_;
    say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
    return -1;
  }
  const std::size_t begin = std::string_view("CONNECT ").size();
  const std::string authority = head.substr(begin, head.find(' ', begin) - begin);
  const std::size_t colon = authority.rfind(':');
  const int target =
      open_target(authority.substr(0, colon), static_cast<std::uint16_t>(std::stoi(authority.substr(colon + 1))));
  say(client, target < 0 ? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nnope"
                         : "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
  return target;
}

bool EgressProxy::login_socks5(int client) {
  std::string message;
  if (!take(client, message, 2)) return false;
  const std::size_t methods = static_cast<unsigned char>(message[1]);
  if (!take(client, message, methods)) return false;
  if (!react(client, mood_)) return false;
  const char wanted = username_.empty() ? '\0' : '\2';
  if (message.find(wanted, 2) == std::string::npos) {
    ++refused_logins_;
    say(client, "\x05\xff");
    return false;
  }
  say(client, std::string{'\5', wanted});
  if (username_.empty()) return true;
  std::string login;
  if (!take(client, login, 2) || !take(client, login, static_cast<unsigned char>(login[1]) + 1u)) return false;
  if (!take(client, login, static_cast<unsigned char>(login.back()))) return false;
  const std::string right = std::string("\1") + static_cast<char>(username_.size()) + username_ +
                            static_cast<char>(password_.size()) + password_;
  const bool good = login == right;
  if (!good) ++refused_logins_;
  say(client, good ? std::string{'\1', '\0'} : std::string{'\1', '\1'});
  return good;
}

int EgressProxy::handshake_socks5(int client) {
  if (!login_socks5(client)) return -1;
  std::string request;
  if (!take(client, request, 5)) return -1;
  const bool by_name = request[3] == '\3';
  const std::size_t left = by_name ? static_cast<unsigned char>(request[4]) + 2u : (request[3] == '\1' ? 5u : 17u);
  if (!take(client, request, left)) return -1;
  std::string host = request.substr(5, request.size() - 7);
  if (request[3] == '\1') {
    host.clear();
    for (int i = 4; i < 8; ++i)
      host += (i > 4 ? "." : "") + std::to_string(static_cast<unsigned char>(request[static_cast<std::size_t>(i)]));
  } else if (!by_name) {
    host = "an IPv6 address";
  }
  const int target = open_target(host, port_of(std::string_view(request).substr(request.size() - 2)));
  say(client, target < 0 ? std::string{'\5', '\4', '\0', '\1', 0, 0, 0, 0, 0, 0}
                         : std::string{'\5', '\0', '\0', '\1', 127, 0, 0, 1, 0, 1});
  return target;
}

}  // namespace sluice::testing
