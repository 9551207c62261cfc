// What the issuers of people's identities say of themselves: their discovery documents and their keys, remembered for
// some minutes, so that a sign-in rarely waits for more than the exchange of its code. Blocking; any thread, never in a
// transaction.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/oauth/fetch.h"
#include "controlplane/oidc/jose.h"

namespace sluice::oidc {

inline constexpr std::chrono::minutes kRemembered{10};
// An issuer that failed is not asked again before.
inline constexpr std::chrono::seconds kPause{3};
// Requests to issuers at once: one that hangs must not take all threads of the API.
inline constexpr int kMostAtOnce = 12;
inline constexpr oauth::FetchLimits kLimits{.connect = std::chrono::milliseconds(4'000),
                                            .total = std::chrono::milliseconds(10'000),
                                            .answer_bytes = 256 * 1024};

// https; or http to the loopback, where the guard of oauth::fetch() lets it through. No fragment, no user, at most 500
// characters. kInvalidArgument, beginning with `field`.
[[nodiscard]] Result<> check_url(std::string_view field, std::string_view url);

struct Issuer {
  std::string name;  // exactly as configured
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string keys_url;
  bool basic_auth = true;     // how the client shows its secret: HTTP Basic, or in the form
  bool names_itself = false;  // its redirects carry "iss" (RFC 9207)
};

// Of the document that `issuer` serves. kUnavailable naming what is wrong with it.
[[nodiscard]] Result<Issuer> parse_discovery(std::string_view json, const std::string& issuer);

using Keys = std::shared_ptr<const std::vector<PublicKey>>;

class Issuers {
 public:
  // `fetch`: whose allowed networks and user agent to use. `clock` outlives it.
  Issuers(oauth::FetchOptions fetch, const Clock& clock);

  // kUnavailable with what a person can do about it. `anew`: not what is remembered, but for a failure just now.
  [[nodiscard]] Result<Issuer> find(const std::string& issuer, bool anew = false);
  [[nodiscard]] Result<Keys> keys(const Issuer& issuer, bool anew);
  // One request with the limits above. kResourceExhausted where too many wait already, else kUnavailable.
  [[nodiscard]] Result<oauth::FetchAnswer> ask(const oauth::FetchRequest& request);

 private:
  template <class T>
  struct Remembered {
    Result<T> value;
    SteadyTime until;
  };

  [[nodiscard]] Result<std::string> get(const std::string& url);
  // Of `memory`, or of `read()`; forgets what is old.
  template <class T, class Read>
  Result<T> remembered(std::map<std::string, Remembered<T>>& memory, const std::string& name, bool anew, Read read);

  const oauth::FetchOptions fetch_;
  const Clock& clock_;
  std::mutex mutex_;  // for what follows; never held during a request
  int asking_ = 0;
  std::map<std::string, Remembered<Issuer>> issuers_;
  std::map<std::string, Remembered<Keys>> keys_;
};

}  // namespace sluice::oidc
