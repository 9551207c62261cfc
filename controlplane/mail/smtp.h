// Handing one mail to a server by SMTP, with libcurl: TLS verified, in bounded time, and never to an internal address
// unless the operator listed it. Blocking; any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/network.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/mail/message.h"

namespace sluice::mail {

enum class Security {
  kStartTls,  // a server that does not offer it is refused
  kTls,       // from the first byte: port 465
  kNone,      // only into networks that the operator listed
};

struct SmtpServer {
  std::string host = {};
  int port = 587;
  Security security = Security::kStartTls;
  std::string username = {};  // empty: without a login
  Secret password = {};
  Sender from = {};
};

struct SmtpOptions {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds total{30'000};
  // Networks that may be used although they are internal: allow_private_upstreams.
  std::vector<Network> allowed_networks = {};
  // Whose certificates are believed; empty: the system's.
  std::filesystem::path authorities = {};
};

// kInvalidArgument: the server refuses this recipient or text for good, or may not be used. kUnavailable: anything that
// may be better later. Messages carry the server's number and name the host, never the text.
Result<> deliver(const SmtpServer& server, std::string_view to, const Secret& text, const SmtpOptions& options);

}  // namespace sluice::mail
