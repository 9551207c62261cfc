#include "common/io/proxy_connect.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

namespace sluice::io {

namespace {

using Received = std::expected<bool, ProxyError>;

Received refused(ErrorCode code, std::string why, bool proxy_failed = true) {
  return std::unexpected(ProxyError{Error{code, std::move(why)}, proxy_failed});
}

Received malformed(std::string_view why) {
  return refused(ErrorCode::kDataLoss, fmt::format("the proxy's answer is malformed: {}", why));
}

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');  // and the terminator that OpenSSL writes
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  out.pop_back();
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_text(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

// "HTTP/1.1 200 reason" or "HTTP/1.1 200"; 0 if it is something else.
int status_of(std::string_view line) {
  const bool shape = line.size() >= 12 && line.starts_with("HTTP/1.") && (line[7] == '0' || line[7] == '1') &&
                     line[8] == ' ' && is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
                     (line.size() == 12 || line[12] == ' ') && is_text(line);
  if (!shape) return 0;
  return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

bool is_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_text(line)) return false;
  const std::string_view name = line.substr(0, colon);
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

class ConnectHandshake final : public ProxyHandshake {
 public:
  ConnectHandshake(std::string request, bool with_credentials)
      : request_(std::move(request)), with_credentials_(with_credentials) {}

  std::string take_outgoing() override { return std::exchange(request_, {}); }
  Received receive(std::string_view bytes) override;

 private:
  [[nodiscard]] Received judge(std::string_view head) const;
  [[nodiscard]] Received judge(int status) const;

  std::string request_;
  std::string answer_;
  bool with_credentials_;
};

Received ConnectHandshake::receive(std::string_view bytes) {
  constexpr std::string_view kBegin = "HTTP/1.";
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t searched = answer_.size() < kEnd.size() ? 0 : answer_.size() - (kEnd.size() - 1);
  // One byte more than allowed is enough to see that it is too long.
  answer_.append(bytes.substr(0, kMaxConnectAnswerBytes + 1 - answer_.size()));
  if (!kBegin.starts_with(std::string_view(answer_).substr(0, kBegin.size()))) return malformed("it is not HTTP/1.1");
  const std::size_t end = answer_.find(kEnd, searched);
  if (end == std::string::npos) {
    if (answer_.size() <= kMaxConnectAnswerBytes) return false;
    return malformed(fmt::format("its head is larger than {} bytes", kMaxConnectAnswerBytes));
  }
  Received judged = judge(std::string_view(answer_).substr(0, end));
  if (judged && end + kEnd.size() != answer_.size()) return malformed("bytes follow before the target was spoken to");
  return judged;
}

Received ConnectHandshake::judge(std::string_view head) const {
  const std::size_t line_end = std::min(head.find("\r\n"), head.size());
  const int status = status_of(head.substr(0, line_end));
  if (status == 0) return malformed("its status line is not one");
  head.remove_prefix(line_end);
  while (!head.empty()) {
    head.remove_prefix(2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    if (!is_field(line)) return malformed("a header field is not one");
    head.remove_prefix(line.size());
  }
  return judge(status);
}

Received ConnectHandshake::judge(int status) const {
  if (status >= 200 && status < 300) return true;
  if (status == 407) {
    return refused(ErrorCode::kUnauthenticated, with_credentials_
                                                    ? "the proxy refuses the user name or password (407)"
                                                    : "the proxy wants a user name and password, none are set (407)");
  }
  // 503 is what Squid says of a name that does not exist and of a target that does not answer.
  if (status >= 502 && status <= 504) {
    return refused(ErrorCode::kUnavailable, fmt::format("the proxy cannot reach the target ({})", status), false);
  }
  return refused(ErrorCode::kUnavailable, fmt::format("the proxy refuses the tunnel ({})", status));
}

}  // namespace

Result<std::unique_ptr<ProxyHandshake>> begin_connect(const Proxy& proxy, std::string_view host, std::uint16_t port) {
  const bool brackets = host.contains(':');
  const std::string target = fmt::format("{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", port);
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: sluice\r\n", target);
  if (!proxy.username.empty()) {
    if (proxy.username.contains(':')) {
      return fail(ErrorCode::kInvalidArgument, "the user name for an HTTP proxy must not contain a colon");
    }
    const std::string pair = fmt::format("{}:{}", proxy.username, proxy.password.reveal());
    request += fmt::format("Proxy-Authorization: Basic {}\r\n", base64(pair));
  }
  request += "\r\n";
  return std::make_unique<ConnectHandshake>(std::move(request), !proxy.username.empty());
}

}  // namespace sluice::io
