#include "tests/integration/oauth/provider.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "tests/integration/oauth/signature.h"

namespace sluice::testing {

namespace {

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> fields_of(std::string text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string pair = text.substr(0, end);
    text.erase(0, end + 1);
    const std::size_t equals = pair.find('=');
    fields[pair.substr(0, equals)] = decoded(pair.substr(equals + 1));
  }
  return fields;
}

std::string s256(const std::string& verifier) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size());
  std::array<char, 64> text{};
  sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text.data();
}

std::string field_of(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

bool take_one(std::atomic<int>& count) {
  int now = count;
  while (now > 0 && !count.compare_exchange_weak(now, now - 1)) {
  }
  return now > 0;
}

}  // namespace

Provider::Provider() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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

Provider::~Provider() {
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

std::string Provider::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::string Provider::agree(const std::string& authorize_url) {
  Fields asked = fields_of(authorize_url.substr(authorize_url.find('?') + 1));
  if (asked["response_type"] != "code" || asked["code_challenge_method"] != "S256" || asked["client_id"] != "our-id") {
    throw std::runtime_error("not an authorization request: " + authorize_url);
  }
  const std::lock_guard lock(mutex_);
  const std::string code = fmt::format("code-{}/+ {}", ++counter_, port_);
  codes_[code] = {asked["code_challenge"], asked["redirect_uri"]};
  return fmt::format("{}?code=code-{}%2F%2B+{}&scope=a+b&state={}", asked["redirect_uri"], counter_, port_,
                     asked["state"]);
}

std::string Provider::access_token() const {
  const std::lock_guard lock(mutex_);
  return access_;
}
std::string Provider::refresh_token() const {
  const std::lock_guard lock(mutex_);
  return refresh_;
}
std::string Provider::user_agent() const {
  const std::lock_guard lock(mutex_);
  return user_agent_;
}
void Provider::revoke_all() {
  const std::lock_guard lock(mutex_);
  access_.clear();
  refresh_.clear();
}

void Provider::accept_all() {
  while (!stopped_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    sockets_.insert(client);
    sessions_.emplace_back([this, client] { serve(client); });
  }
}

void Provider::serve(int client) {
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
    Answer said = answer(bytes.substr(0, head_end + 2), bytes.substr(head_end + 4));
    said.body.insert(0, static_cast<std::size_t>(padding), ' ');
    const std::string text = fmt::format(
        "HTTP/1.1 {} x\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        said.status, said.status == 302 ? "Location: " + url("/token") + "\r\n" : "", said.body.size(), said.body);
    if (!said.lost) (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
  }
  const std::lock_guard lock(mutex_);
  sockets_.erase(client);
  ::close(client);
}

Provider::Answer Provider::answer(const std::string& head, const std::string& body) {
  const std::size_t from = head.find(' ') + 1;
  const std::string target = head.substr(from, head.find(' ', from) - from);
  if (target != "/token") return google(target, head);
  ++asked_;
  Answer said;
  if (take_one(busy_answers)) {
    said = {503, R"({"error":"temporarily_unavailable"})"};
  } else if (redirects) {
    said = {302, ""};
  } else {
    const bool lost = take_one(lose_answers);
    const std::lock_guard lock(mutex_);
    user_agent_ = field_of(head, "User-Agent");
    said = token(fields_of(body));
    said.lost = lost;
  }
  for (int waited = 0; waited < delay_ms && !stopped_; waited += 5)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return said;
}

Provider::Answer Provider::token(const Fields& fields) {
  const auto get = [&](const char* name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  if (get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer") return assertion_grant(fields);
  if (get("client_id") != "our-id" || get("client_secret") != "our-secret") {
    return {401, R"({"error":"invalid_client","error_description":"who are you?"})"};
  }
  if (get("grant_type") == "authorization_code") return code_grant(fields);
  if (get("grant_type") == "refresh_token") return refresh_grant(fields);
  return {400, R"({"error":"unsupported_grant_type"})"};
}

Provider::Answer Provider::assertion_grant(const Fields& fields) {
  const std::string& assertion = fields.at("assertion");
  const std::size_t first = assertion.find('.');
  const std::size_t last = assertion.rfind('.');
  const std::string signature = from_base64url(assertion.substr(last + 1));
  if (!is_signed(service_key_, assertion.substr(0, last), signature) ||
      from_base64url(assertion.substr(0, first)).find("RS256") == std::string::npos) {
    return {400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})"};
  }
  claims_ = from_base64url(assertion.substr(first + 1, last - first - 1));
  ++refreshes_;
  access_ = fmt::format("access-{}", ++counter_);
  return {200,
          fmt::format(R"({{"access_token":"{}","token_type":"Bearer","expires_in":{}}})", access_, lifetime_s.load())};
}

void Provider::know_service_account(const std::string& public_key_pem) {
  const std::lock_guard lock(mutex_);
  service_key_ = public_key_pem;
}

std::string Provider::claims() const {
  const std::lock_guard lock(mutex_);
  return claims_;
}

Provider::Answer Provider::code_grant(const Fields& fields) {
  const Answer bad{400, R"({"error":"invalid_grant","error_description":"bad code"})"};
  const auto found = codes_.find(fields.at("code"));
  if (found == codes_.end()) return bad;
  const Code code = found->second;
  codes_.erase(found);
  if (code.challenge != s256(fields.at("code_verifier")) || code.redirect_uri != fields.at("redirect_uri")) return bad;
  refresh_ = fmt::format("refresh-{}", ++counter_);
  return {200, give_tokens()};
}

Provider::Answer Provider::refresh_grant(const Fields& fields) {
  const Answer bad{400, R"({"error":"invalid_grant","error_description":"token is not good"})"};
  const std::string& given = fields.at("refresh_token");
  if (spent_.contains(given)) {
    reuse_seen_ = true;
    refresh_.clear();
    access_.clear();
    return bad;
  }
  if (given.empty() || given != refresh_) return bad;
  if (rotates) {
    spent_.insert(refresh_);
    refresh_ = fmt::format("refresh-{}", ++counter_);
  }
  ++refreshes_;
  return {200, give_tokens()};
}

std::string Provider::give_tokens() {
  access_ = fmt::format("access-{}", ++counter_);
  return fmt::format(
      R"({{"access_token":"{}","refresh_token":"{}","token_type":"Bearer","expires_in":{},"scope":"a b"}})", access_,
      refresh_, lifetime_s.load());
}

Provider::Answer Provider::google(const std::string& target, const std::string& head) {
  if (field_of(head, "Authorization") != "Bearer " + access_token()) return {401, "{}"};
  if (target == "/v1internal:loadCodeAssist") {
    return {200, fmt::format(R"({{"allowedTiers":[{{"id":"legacy-tier"}},{{"id":"free-tier","isDefault":true}}]{}}})",
                             names_project ? R"(,"cloudaicompanionProject":"project-known")" : "")};
  }
  if (target == "/v1internal:onboardUser") {
    if (++onboardings_ < 3) return {200, R"({"name":"operations/1"})"};
    return {200, R"({"done":true,"response":{"cloudaicompanionProject":{"id":"project-made"}}})"};
  }
  if (target == "/drive/v3/about?fields=storageQuota") {
    return {200, fmt::format(R"({{"storageQuota":{{"limit":"{}","usage":"7"}}}})", drive_limit.load())};
  }
  return {404, "{}"};
}

}  // namespace sluice::testing
