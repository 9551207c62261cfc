// What an authenticator app shows.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "controlplane/identity/totp.h"

namespace sluice::testing {

// Raw, from base32.
inline Secret totp_secret_of(const std::string& text) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    buffer = (buffer << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  return Secret(out);
}

inline std::string totp_now(const std::string& secret) {
  return identity::totp_code(totp_secret_of(secret), identity::totp_step(RealClock().now()));
}

}  // namespace sluice::testing
