// Whether somebody is human, in the words of Cloudflare Turnstile or a compatible service
// (developers.cloudflare.com/turnstile/get-started/server-side-validation). Blocking, never inside of a transaction;
// any thread.
#pragma once

#include <string>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/oauth/fetch.h"

namespace sluice::identity {

struct HumanQuestion {
  std::string url;
  Secret secret;
  // What the widget gave the browser.
  std::string token;
  // Of the browser, "203.0.113.7/32"; empty if it is not known.
  std::string network;
};

inline constexpr std::string_view kTurnstileUrl = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

// kInvalidArgument naming turnstile_token: no. kUnavailable: the service did not say.
[[nodiscard]] Result<> check_human(const HumanQuestion& question, const oauth::FetchOptions& options);

}  // namespace sluice::identity
