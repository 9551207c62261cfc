#include "common/io/proxy_socks5.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <utility>

namespace sluice::io {

namespace {

using Received = std::expected<bool, ProxyError>;

constexpr char kVersion = 5;
constexpr char kLoginVersion = 1;  // of RFC 1929
constexpr char kMethodNone = 0;
constexpr char kMethodLogin = 2;
constexpr char kMethodRefused = '\xff';
constexpr char kIpv4 = 1;
constexpr char kName = 3;
constexpr char kIpv6 = 4;
constexpr std::size_t kMaxText = 255;

Received refused(ErrorCode code, std::string why, bool proxy_failed = true) {
  return std::unexpected(ProxyError{Error{code, std::move(why)}, proxy_failed});
}

Received malformed(std::string_view why) {
  return refused(ErrorCode::kDataLoss, fmt::format("the proxy's answer is malformed: {}", why));
}

Received refused_with(char reply) {
  const auto target = [](std::string_view why) {
    return refused(ErrorCode::kUnavailable, fmt::format("the proxy cannot reach the target: {}", why), false);
  };
  switch (reply) {
    case 1:
      return refused(ErrorCode::kUnavailable, "the proxy reports a general failure");
    case 2:
      return refused(ErrorCode::kUnavailable, "the proxy's rules do not allow the target");
    case 3:
      return target("network unreachable");
    case 4:
      return target("host unreachable");
    case 5:
      return target("connection refused");
    case 6:
      return target("it took too long (TTL expired)");
    case 7:
      return refused(ErrorCode::kUnavailable, "the proxy does not support CONNECT");
    case 8:
      return refused(ErrorCode::kUnavailable, "the proxy does not support this type of address");
    default:
      return malformed("an unknown reply code");
  }
}

void append_text(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size());
  out += text;
}

template <class Bytes>
void append_bytes(std::string& out, const Bytes& bytes) {
  for (const unsigned char byte : bytes)
    out += static_cast<char>(byte);
}

std::string connect_command(std::string_view host, std::uint16_t port) {
  std::string out{kVersion, 1, 0};
  boost::system::error_code not_numeric;
  const auto address = boost::asio::ip::make_address(std::string(host), not_numeric);
  if (not_numeric) {
    out += kName;
    append_text(out, host);
  } else if (address.is_v4()) {
    out += kIpv4;
    append_bytes(out, address.to_v4().to_bytes());
  } else {
    out += kIpv6;
    append_bytes(out, address.to_v6().to_bytes());
  }
  out += static_cast<char>(port >> 8);
  out += static_cast<char>(port & 0xff);
  return out;
}

class Socks5Handshake final : public ProxyHandshake {
 public:
  Socks5Handshake(std::string login, std::string command) : login_(std::move(login)), command_(std::move(command)) {
    // Without a login it is not offered: a proxy that wants one says so at once.
    outgoing_ =
        login_.empty() ? std::string{kVersion, 1, kMethodNone} : std::string{kVersion, 2, kMethodNone, kMethodLogin};
  }

  std::string take_outgoing() override { return std::exchange(outgoing_, {}); }
  Received receive(std::string_view bytes) override;

 private:
  enum class Step : std::uint8_t { kMethod, kLogin, kReply, kOpen };

  // What to do about the bytes so far: true once the answer of this step is whole and has been taken.
  [[nodiscard]] Received method();
  [[nodiscard]] Received login_answer();
  [[nodiscard]] Received reply();
  void say(std::string what, Step next);

  std::string login_;
  std::string command_;
  std::string outgoing_;
  std::string answer_;  // to the present step; bounded by what a step accepts
  Step step_ = Step::kMethod;
};

void Socks5Handshake::say(std::string what, Step next) {
  outgoing_ = std::move(what);
  answer_.clear();
  step_ = next;
}

Received Socks5Handshake::method() {
  if (answer_[0] != kVersion) return malformed("it is not SOCKS5");
  if (answer_.size() < 2) return false;
  if (answer_[1] == kMethodRefused) {
    return refused(ErrorCode::kUnauthenticated, login_.empty()
                                                    ? "the proxy wants a user name and password, none are set"
                                                    : "the proxy takes no user name and password");
  }
  const bool offered = answer_[1] == kMethodNone || (answer_[1] == kMethodLogin && !login_.empty());
  if (!offered) return malformed("it chooses a way to log in that was not offered");
  const bool log_in = answer_[1] == kMethodLogin;
  say(std::move(log_in ? login_ : command_), log_in ? Step::kLogin : Step::kReply);
  return true;
}

Received Socks5Handshake::login_answer() {
  if (answer_[0] != kLoginVersion) return malformed("it is no answer to a login");
  if (answer_.size() < 2) return false;
  if (answer_[1] != 0) return refused(ErrorCode::kUnauthenticated, "the proxy refuses the user name or password");
  say(std::move(command_), Step::kReply);
  return true;
}

Received Socks5Handshake::reply() {
  if (answer_[0] != kVersion) return malformed("it is not SOCKS5");
  if (answer_.size() < 2) return false;
  if (answer_[1] != 0) return refused_with(answer_[1]);
  if (answer_.size() < 5) return false;
  if (answer_[2] != 0) return malformed("a reserved byte is not zero");
  std::size_t address = 0;
  switch (answer_[3]) {
    case kIpv4:
      address = 4;
      break;
    case kIpv6:
      address = 16;
      break;
    case kName:
      address = 1 + static_cast<unsigned char>(answer_[4]);
      break;
    default:
      return malformed("an unknown type of address");
  }
  const std::size_t whole = 4 + address + 2;
  if (answer_.size() < whole) return false;
  if (answer_.size() > whole) return malformed("bytes follow before the target was spoken to");
  say({}, Step::kOpen);
  return true;
}

Received Socks5Handshake::receive(std::string_view bytes) {
  if (bytes.empty()) return false;
  constexpr std::size_t kLongest = 4 + 1 + kMaxText + 2;
  answer_.append(bytes.substr(0, kLongest + 1 - answer_.size()));
  const bool short_answer = step_ == Step::kMethod || step_ == Step::kLogin;
  if (short_answer && answer_.size() > 2) return malformed("bytes follow that were not asked for");
  Received taken = step_ == Step::kMethod ? method() : step_ == Step::kLogin ? login_answer() : reply();
  if (!taken) return taken;
  return step_ == Step::kOpen;
}

}  // namespace

Result<std::unique_ptr<ProxyHandshake>> begin_socks5(const Proxy& proxy, std::string_view host, std::uint16_t port) {
  std::string login;
  if (!proxy.username.empty()) {
    const std::string_view password = proxy.password.reveal();
    if (proxy.username.size() > kMaxText || password.size() > kMaxText) {
      return fail(ErrorCode::kInvalidArgument, "user name and password for a SOCKS5 proxy have at most 255 bytes");
    }
    login += kLoginVersion;
    append_text(login, proxy.username);
    append_text(login, password);
  }
  return std::make_unique<Socks5Handshake>(std::move(login), connect_command(host, port));
}

}  // namespace sluice::io
