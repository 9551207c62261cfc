#include "tests/integration/oidc/idp.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <stdexcept>

#include "tests/integration/oidc/encoding.h"

namespace sluice::testing {

namespace {

std::string field_of(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

// RFC 6749 section 2.3.1: both parts are form-encoded.
std::string expected_basic() {
  return "Basic " + base64("our%20id:our%20secret%3A%2F%2B", sodium_base64_VARIANT_ORIGINAL);
}

}  // namespace

Idp::Idp() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  rotate_keys();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the provider cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Idp::~Idp() {
  stopped_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_)
      ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& session : sessions_)
    session.join();
  ::close(listener_);
}

std::string Idp::issuer() const {
  return fmt::format("http://127.0.0.1:{}/realms/people", port_);
}

std::string Idp::parameter(const std::string& url, const std::string& name) {
  return form_fields(url.substr(url.find('?') + 1))[name];
}

std::string Idp::agree(const std::string& authorization_url, const Someone& someone) {
  auto asked = form_fields(authorization_url.substr(authorization_url.find('?') + 1));
  if (!authorization_url.starts_with(issuer() + "/authorize?") || asked["response_type"] != "code" ||
      asked["code_challenge_method"] != "S256" || asked["client_id"] != kClientId || asked["nonce"].size() < 40 ||
      asked["state"].size() < 40 || !asked["scope"].starts_with("openid")) {
    throw std::runtime_error("not an authorization request: " + authorization_url);
  }
  const std::lock_guard lock(mutex_);
  std::string code = fmt::format("code-{}/+ {}", ++counter_, port_);
  codes_[code] = {asked["code_challenge"], asked["redirect_uri"], asked["nonce"], someone};
  return code;
}

void Idp::shape(const TokenShape& shape) {
  const std::lock_guard lock(mutex_);
  shape_ = shape;
}

void Idp::accept_all() {
  while (!stopped_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    sockets_.insert(client);
    sessions_.emplace_back([this, client] { serve(client); });
  }
}

void Idp::serve(int client) {
  std::string bytes;
  std::array<char, 4096> buffer{};
  std::size_t head_end = std::string::npos;
  std::size_t wanted = 0;
  while (head_end == std::string::npos || bytes.size() < wanted) {
    const ssize_t got = ::recv(client, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (head_end != std::string::npos || (head_end = bytes.find("\r\n\r\n")) == std::string::npos) continue;
    const std::string length = field_of(bytes, "Content-Length");
    wanted = head_end + 4 + (length.empty() ? 0 : std::stoul(length));
  }
  if (head_end != std::string::npos && bytes.size() >= wanted) {
    ++waiting_;
    while (hangs && !stopped_)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --waiting_;
    Answer said = away ? Answer{503, "{}"} : answer(bytes.substr(0, head_end + 2), bytes.substr(head_end + 4));
    said.body.insert(0, static_cast<std::size_t>(padding), ' ');
    const std::string text = fmt::format(
        "HTTP/1.1 {} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        said.status, said.body.size(), said.body);
    (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
  }
  const std::lock_guard lock(mutex_);
  sockets_.erase(client);
  ::close(client);
}

Idp::Answer Idp::answer(const std::string& head, const std::string& body) {
  const std::size_t from = head.find(' ') + 1;
  const std::string target = head.substr(from, head.find(' ', from) - from);
  const std::lock_guard lock(mutex_);
  if (target == "/realms/people/.well-known/openid-configuration") return {200, discovery()};
  if (target == "/realms/people/keys") {
    ++key_reads_;
    return {200, published()};
  }
  if (target == "/realms/people/token") return token(head, body);
  return {404, "{}"};
}

std::string Idp::discovery() const {
  boost::json::object document{{"issuer", lies ? issuer() + "/" : issuer()},
                               {"authorization_endpoint", issuer() + "/authorize"},
                               {"token_endpoint", issuer() + "/token"},
                               {"jwks_uri", issuer() + "/keys"}};
  if (wants_form) document["token_endpoint_auth_methods_supported"] = boost::json::array{"client_secret_post"};
  if (names_itself) document["authorization_response_iss_parameter_supported"] = true;
  return boost::json::serialize(document);
}

Idp::Answer Idp::token(const std::string& head, const std::string& body) {
  ++exchanges_;
  auto fields = form_fields(body);
  const std::string basic = field_of(head, "Authorization");
  const bool known = wants_form
                         ? basic.empty() && fields["client_id"] == kClientId && fields["client_secret"] == kClientSecret
                         : basic == expected_basic() && !fields.contains("client_secret");
  if (!known) return {401, R"({"error":"invalid_client"})"};
  const auto found = codes_.find(fields["code"]);
  if (fields["grant_type"] != "authorization_code" || found == codes_.end())
    return {400, R"({"error":"invalid_grant"})"};
  const Code code = found->second;
  codes_.erase(found);
  if (code.challenge != s256(fields["code_verifier"]) || code.redirect_uri != fields["redirect_uri"]) {
    return {400, R"({"error":"invalid_grant"})"};
  }
  return {200, boost::json::serialize(boost::json::object{
                   {"access_token", "unused"}, {"token_type", "Bearer"}, {"id_token", id_token(code)}})};
}

}  // namespace sluice::testing
