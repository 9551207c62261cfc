// Codes by time, as authenticator apps make them (RFC 6238: SHA-1, 30 s, 6 digits). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"

namespace sluice::identity {

// 160 random bits, raw.
[[nodiscard]] Secret new_totp_secret();
// What apps take, as a link or a picture of it: "otpauth://totp/Sluice:ada%40example.com?secret=...".
[[nodiscard]] Secret totp_uri(const Secret& secret, std::string_view email);
// RFC 4648, without padding.
[[nodiscard]] std::string base32(std::string_view bytes);

[[nodiscard]] std::string totp_code(const Secret& secret, std::int64_t step);
[[nodiscard]] std::int64_t totp_step(SystemTime at);
// The step of a right code, of now or one step before or after.
[[nodiscard]] std::optional<std::int64_t> find_totp_step(const Secret& secret, std::string_view code, SystemTime now);

}  // namespace sluice::identity
