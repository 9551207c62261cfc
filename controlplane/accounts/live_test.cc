#include "controlplane/accounts/live_test.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/accounts/test_events.h"
#include "controlplane/accounts/test_failure.h"
#include "controlplane/accounts/test_stream.h"

namespace sluice::accounts {

namespace {

struct Attempt {
  const TestRequest& request;
  const LiveTestOptions& options;
  TestEvents& events;
  const TestProxy* proxy;
  bool tls;
  TestStream stream;
  std::size_t sent = 0;
  bool forbidden = false;  // the address that the name led to
};

// The one that is dialed; nullopt for other families than IP.
struct Dialed {
  Address address;
  std::string text;  // with the port
};
std::optional<Dialed> dialed(const curl_sockaddr& socket) {
  std::string text(INET6_ADDRSTRLEN, '\0');
  if (socket.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &socket.addr, sizeof(v4));
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), static_cast<socklen_t>(text.size()));
    return Dialed{address_of(v4.sin_addr), fmt::format("{}:{}", text.c_str(), ntohs(v4.sin_port))};
  }
  if (socket.family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  // libcurl keeps room for every family behind what it declares.
  std::memcpy(&v6, reinterpret_cast<const char*>(&socket.addr), std::min<std::size_t>(sizeof(v6), socket.addrlen));
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), static_cast<socklen_t>(text.size()));
  Address address{};
  std::memcpy(address.data(), &v6.sin6_addr, address.size());
  return Dialed{address, fmt::format("[{}]:{}", text.c_str(), ntohs(v6.sin6_port))};
}

// The address that is really dialed is checked, so a name that changes its mind between two look-ups gains nothing.
curl_socket_t open_socket(void* into, curlsocktype /*purpose*/, curl_sockaddr* socket) {
  Attempt& attempt = *static_cast<Attempt*>(into);
  const std::optional<Dialed> to = dialed(*socket);
  if (attempt.proxy == nullptr) {
    const bool listed = to && contains(attempt.options.allowed_networks, to->address);
    if (!to || (!listed && (is_internal(to->address) || !attempt.tls))) {
      attempt.forbidden = true;
      return CURL_SOCKET_BAD;
    }
  }
  admin::v1::TestAccountResponse event;
  event.mutable_connecting()->set_address(to ? to->text : std::string());
  if (attempt.proxy != nullptr) event.mutable_connecting()->set_egress_proxy(attempt.proxy->name);
  attempt.events.tell(std::move(event));
  return ::socket(socket->family, socket->socktype | SOCK_CLOEXEC, socket->protocol);
}

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* from) {
  Attempt& attempt = *static_cast<Attempt*>(from);
  const std::string& body = attempt.request.body;
  const std::size_t bytes = std::min(size * count, body.size() - attempt.sent);
  std::memcpy(into, body.data() + attempt.sent, bytes);
  attempt.sent += bytes;
  if (bytes != 0 && attempt.sent == body.size()) {
    admin::v1::TestAccountResponse event;
    event.mutable_sent()->set_bytes(static_cast<std::int64_t>(body.size()));
    attempt.events.tell(std::move(event));
  }
  return bytes;
}

std::size_t take_head(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<Attempt*>(into)->stream.take_field({data, size * count});
  return size * count;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  return static_cast<Attempt*>(into)->stream.take_body({data, size * count}) ? size * count : 0;
}

int stop_if_gone(void* into, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Attempt*>(into)->events.gone() ? 1 : 0;
}

TestCause cause_of(CURLcode code, bool proxied) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return TestCause::kName;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return TestCause::kProxy;
    case CURLE_COULDNT_CONNECT:
      return proxied ? TestCause::kProxy : TestCause::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return TestCause::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      return TestCause::kTimeout;
    default:
      return TestCause::kCut;
  }
}

using Fields = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void set_up(CURL* curl, Attempt& attempt, const TestTarget& target, const Fields& fields,
            std::chrono::milliseconds total) {
  const auto set = [curl](CURLoption option, auto value) { (void)curl_easy_setopt(curl, option, value); };
  void* self = &attempt;
  set(CURLOPT_URL, attempt.request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, attempt.tls ? "https" : "http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(attempt.options.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));
  set(CURLOPT_USERAGENT, attempt.options.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, fields.get());
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(attempt.request.body.size()));
  set(CURLOPT_READFUNCTION, &give_body);
  set(CURLOPT_READDATA, self);
  set(CURLOPT_HEADERFUNCTION, &take_head);
  set(CURLOPT_HEADERDATA, self);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, self);
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, self);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &stop_if_gone);
  set(CURLOPT_XFERINFODATA, self);
  if (!target.ca_pem.empty()) {
    curl_blob blob{const_cast<char*>(target.ca_pem.data()), target.ca_pem.size(), CURL_BLOB_COPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }
  // Empty: none, whatever the environment says.
  set(CURLOPT_PROXY, attempt.proxy == nullptr ? "" : attempt.proxy->url.c_str());
  if (attempt.proxy == nullptr) return;
  set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (attempt.proxy->username.empty()) return;
  set(CURLOPT_PROXYUSERNAME, attempt.proxy->username.c_str());
  set(CURLOPT_PROXYPASSWORD, std::string(attempt.proxy->password.reveal()).c_str());
}

// Tells how it ended. True: nothing was sent, so that the next proxy may be tried; then it told nothing unless `last`.
bool attempt_once(Attempt& attempt, const TestTarget& target, std::chrono::milliseconds total, bool last) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  curl_slist* raw = curl_slist_append(nullptr, "Expect:");
  for (const Secret& field : attempt.request.fields)
    raw = curl_slist_append(raw, std::string(field.reveal()).c_str());
  const Fields fields(raw, &curl_slist_free_all);
  set_up(curl.get(), attempt, target, fields, total);
  const CURLcode code = curl_easy_perform(curl.get());
  TestEvents& events = attempt.events;
  if (events.gone()) return false;
  if (code == CURLE_OK || attempt.stream.ended()) {
    attempt.stream.finish();
  } else if (attempt.forbidden) {
    events.fail(test_failed(TestCause::kInternalAddress, "base_url leads to an internal address"));
  } else if (attempt.stream.too_large()) {
    events.fail(test_failed(TestCause::kTooLarge, "the answer is too large"));
  } else if (attempt.sent == 0 && !last) {
    return true;
  } else {
    events.fail(test_failed(cause_of(code, attempt.proxy != nullptr), curl_easy_strerror(code)));
  }
  return false;
}

}  // namespace

void run_live_test(const TestTarget& target, const TestRequest& request, const LiveTestOptions& options,
                   const LiveTestCaller& caller) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
  TestEvents events(caller, target.secret);
  admin::v1::TestAccountResponse event;
  event.mutable_started()->set_account_name(target.account_name);
  event.mutable_started()->set_provider(target.provider);
  event.mutable_started()->set_url(request.url.substr(0, request.url.find('?')));
  event.mutable_started()->set_upstream_model(target.model);
  events.tell(std::move(event));

  const std::size_t attempts = std::max<std::size_t>(target.proxies.size(), 1);
  for (std::size_t i = 0; i < attempts; ++i) {
    Attempt attempt{.request = request,
                    .options = options,
                    .events = events,
                    .proxy = target.proxies.empty() ? nullptr : &target.proxies[i],
                    .tls = request.url.starts_with("https://"),
                    .stream = TestStream(request.dialect, options.answer_bytes, events)};
    const auto left = std::max(options.total - events.elapsed(), std::chrono::milliseconds(1));
    if (!attempt_once(attempt, target, left, i + 1 == attempts)) return;
  }
}

}  // namespace sluice::accounts
