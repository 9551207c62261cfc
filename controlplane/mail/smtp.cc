#include "controlplane/mail/smtp.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/accounts/dialed_address.h"
#include "controlplane/mail/address.h"

namespace sluice::mail {

namespace {

struct Exchange {
  const SmtpOptions& options;
  bool tls = false;
  bool forbidden = false;  // the address that the name led to
  std::string_view rest;   // of the mail, not sent yet
};

std::size_t give(char* into, std::size_t size, std::size_t count, void* from) {
  Exchange& exchange = *static_cast<Exchange*>(from);
  const std::size_t bytes = std::min(size * count, exchange.rest.size());
  std::memcpy(into, exchange.rest.data(), bytes);
  exchange.rest.remove_prefix(bytes);
  return bytes;
}

// The address that is really dialed is checked, so a name that changes its mind between two look-ups gains nothing.
curl_socket_t open_socket(void* into, curlsocktype /*purpose*/, curl_sockaddr* socket) {
  Exchange& exchange = *static_cast<Exchange*>(into);
  const std::optional<Address> address = accounts::dialed_address(*socket);
  const bool listed = address && contains(exchange.options.allowed_networks, *address);
  if (!address || (!listed && (accounts::is_internal(*address) || !exchange.tls))) {
    exchange.forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(socket->family, socket->socktype | SOCK_CLOEXEC, socket->protocol);
}

// 550 to 554 (RFC 5321 section 4.2.3): this mail will not get through, ever.
bool is_final(CURLcode code, long answer) {
  return code != CURLE_LOGIN_DENIED && answer >= 550 && answer <= 554;
}

Result<> outcome(CURLcode code, long answer, const Exchange& exchange, const std::string& host) {
  if (exchange.forbidden) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} leads to an internal address, or is to be used without TLS; list its network in "
                            "allow_private_upstreams if you mean it",
                            host));
  }
  if (code == CURLE_OK) return {};
  const std::string said = answer > 0 ? fmt::format(", last answer {}", answer) : "";
  return fail(is_final(code, answer) ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
              fmt::format("{}: {}{}", host, curl_easy_strerror(code), said));
}

}  // namespace

Result<> deliver(const SmtpServer& server, std::string_view to, const Secret& text, const SmtpOptions& options) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (curl == nullptr) return fail(ErrorCode::kInternal, "libcurl gave no handle");
  Exchange exchange{.options = options, .tls = server.security != Security::kNone, .rest = text.reveal()};
  const std::string host = fmt::format("{}:{}", server.host, server.port);
  // The path is the name that we greet with.
  const std::string url = fmt::format("{}://{}/{}", server.security == Security::kTls ? "smtps" : "smtp", host,
                                      domain_of(server.from.address));
  const std::string from = fmt::format("<{}>", server.from.address);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
      curl_slist_append(nullptr, fmt::format("<{}>", to).c_str()), &curl_slist_free_all);

  const auto set = [&curl](CURLoption option, auto value) { (void)curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_USE_SSL, static_cast<long>(exchange.tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");  // whatever the environment says
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.total.count()));
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&exchange));
  if (!options.authorities.empty()) set(CURLOPT_CAINFO, options.authorities.c_str());
  if (!server.username.empty()) {
    set(CURLOPT_USERNAME, server.username.c_str());
    set(CURLOPT_PASSWORD, std::string(server.password.reveal()).c_str());
  }
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &give);
  set(CURLOPT_READDATA, static_cast<void*>(&exchange));

  const CURLcode code = curl_easy_perform(curl.get());
  long answer = 0;
  (void)curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  return outcome(code, answer, exchange, host);
}

}  // namespace sluice::mail
