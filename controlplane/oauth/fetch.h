// One HTTP request of the control plane to a provider, with libcurl: no redirects, TLS verified, an answer of bounded
// size in bounded time, and never to an internal address unless the operator listed it. Blocking; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/network.h"
#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::oauth {

// "http://host:port" or "socks5h://host:port", as in store::EgressProxy.
struct FetchProxy {
  std::string url;
  std::string username;
  Secret password;
};

struct FetchLimits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds total{20'000};
  std::size_t answer_bytes = 256 * 1024;
};

struct FetchOptions {
  FetchLimits limits = {};
  // Networks that may be used although they are internal, also over plain http: allow_private_upstreams.
  std::vector<Network> allowed_networks = {};
  std::string user_agent = "Sluice";
};

struct FetchRequest {
  std::string url;
  // With a body it is a POST, else a GET.
  std::optional<Secret> body = {};
  std::string content_type = {};
  // Further header fields, "Name: value".
  std::vector<std::string> fields = {};
  // Sent as a bearer token if not empty.
  Secret bearer = {};
  // Tried in order while nothing was sent; empty: directly. Never directly as a fallback.
  std::vector<FetchProxy> proxies = {};
};

struct FetchAnswer {
  int status = 0;
  Secret body;
  std::optional<std::chrono::seconds> retry_after = {};
};

// kUnavailable: nothing was sent. kClosed: it may have been sent, and the answer never arrived. kInvalidArgument: the
// URL may not be used. kResourceExhausted: the answer was too large. Messages name the host and never the body.
[[nodiscard]] Result<FetchAnswer> fetch(const FetchRequest& request, const FetchOptions& options);

}  // namespace sluice::oauth
