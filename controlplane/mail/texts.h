// What the mails to people say. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/mail/message.h"

namespace sluice::mail {

// `url` is the web UI's, without a slash at its end. The token stands behind the #, which browsers send to nobody.
[[nodiscard]] Message finish_registration(std::string to, std::string_view url, std::string_view token);
// To somebody who has a user already.
[[nodiscard]] Message known_already(std::string to, std::string_view url);
[[nodiscard]] Message reset_password(std::string to, std::string_view url, std::string_view token);
[[nodiscard]] Message verify_email(std::string to, std::string_view url, std::string_view token);
// After it was reset.
[[nodiscard]] Message password_was_reset(std::string to);

}  // namespace sluice::mail
