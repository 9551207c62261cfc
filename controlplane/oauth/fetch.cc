#include "controlplane/oauth/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "common/http/client_pool.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/accounts/dialed_address.h"

namespace sluice::oauth {

namespace {

constexpr std::chrono::seconds kLongestRetryAfter{3'600};

struct Exchange {
  const FetchOptions& options;
  bool tls = false;
  bool proxied = false;
  bool forbidden = false;  // the address that the name led to
  bool too_large = false;
  std::string body;
};

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

std::size_t take(char* data, std::size_t size, std::size_t count, void* into) {
  Exchange& exchange = *static_cast<Exchange*>(into);
  const std::size_t bytes = size * count;
  if (exchange.body.size() + bytes > exchange.options.limits.answer_bytes) {
    exchange.too_large = true;
    return 0;
  }
  exchange.body.append(data, bytes);
  return bytes;
}

// The address that is really dialed is checked, so a name that changes its mind between two look-ups gains nothing.
curl_socket_t open_socket(void* into, curlsocktype /*purpose*/, curl_sockaddr* socket) {
  Exchange& exchange = *static_cast<Exchange*>(into);
  if (!exchange.proxied) {
    const std::optional<Address> address = accounts::dialed_address(*socket);
    const bool listed = address && contains(exchange.options.allowed_networks, *address);
    if (!address || (!listed && (accounts::is_internal(*address) || !exchange.tls))) {
      exchange.forbidden = true;
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(socket->family, socket->socktype | SOCK_CLOEXEC, socket->protocol);
}

bool nothing_was_sent(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return true;
    default:
      return false;
  }
}

Result<FetchAnswer> once(const FetchRequest& request, const FetchOptions& options, const std::string& host, bool tls,
                         const FetchProxy* proxy) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (curl == nullptr) return fail(ErrorCode::kInternal, "libcurl gave no handle");
  Exchange exchange{.options = options, .tls = tls, .proxied = proxy != nullptr, .body = {}};
  curl_slist* raw = nullptr;
  const auto field = [&raw](const std::string& line) { raw = curl_slist_append(raw, line.c_str()); };
  field("Accept: application/json");
  field("Expect:");
  if (!request.bearer.empty()) field("Authorization: Bearer " + std::string(request.bearer.reveal()));
  if (request.body) field("Content-Type: " + request.content_type);
  for (const std::string& line : request.fields)
    field(line);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> fields(raw, &curl_slist_free_all);

  const auto set = [&curl](CURLoption option, auto value) { (void)curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.limits.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.limits.total.count()));
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, fields.get());
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&exchange));
  // Empty: none, whatever the environment says.
  set(CURLOPT_PROXY, proxy == nullptr ? "" : proxy->url.c_str());
  if (proxy != nullptr) {
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!proxy->username.empty()) {
      set(CURLOPT_PROXYUSERNAME, proxy->username.c_str());
      set(CURLOPT_PROXYPASSWORD, std::string(proxy->password.reveal()).c_str());
    }
  }
  if (request.body) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->reveal().size()));
    set(CURLOPT_POSTFIELDS, request.body->reveal().data());
  }

  const CURLcode code = curl_easy_perform(curl.get());
  if (exchange.forbidden) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} leads to an internal address; list its network in allow_private_upstreams if you mean "
                            "it",
                            host));
  }
  if (exchange.too_large) return fail(ErrorCode::kResourceExhausted, host + " sent too large an answer");
  if (code != CURLE_OK) {
    const bool unsent = nothing_was_sent(code);
    return fail(
        unsent ? ErrorCode::kUnavailable : ErrorCode::kClosed,
        fmt::format("{}{}: {}", host, proxy == nullptr ? "" : " through " + proxy->url, curl_easy_strerror(code)));
  }
  FetchAnswer answer;
  long status = 0;
  (void)curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t wait = 0;
  (void)curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &wait);
  if (wait > 0) answer.retry_after = std::min(std::chrono::seconds(wait), kLongestRetryAfter);
  answer.body = Secret(std::move(exchange.body));
  return answer;
}

}  // namespace

Result<FetchAnswer> fetch(const FetchRequest& request, const FetchOptions& options) {
  start_curl();
  const auto parsed = http::parse_base_url(request.url.substr(0, request.url.find('?')));
  if (!parsed) return fail("the URL", parsed.error());
  const std::string host = parsed->origin.host_and_port();
  if (request.proxies.empty()) return once(request, options, host, parsed->origin.tls, nullptr);
  Result<FetchAnswer> answer = fail(ErrorCode::kUnavailable, "no proxy was tried");
  for (const FetchProxy& proxy : request.proxies) {
    answer = once(request, options, host, parsed->origin.tls, &proxy);
    if (answer || answer.error().code != ErrorCode::kUnavailable) break;
  }
  return answer;
}

}  // namespace sluice::oauth
