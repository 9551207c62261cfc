#include "controlplane/mail/texts.h"

#include <fmt/format.h>

namespace sluice::mail {

Message finish_registration(std::string to, std::string_view url, std::string_view token) {
  return {.to = std::move(to),
          .subject = "Finish your registration",
          .text = Secret(fmt::format("Open this link within a day to finish your registration:\n\n"
                                     "{}/register/finish#token={}\n\n"
                                     "If you did not register, ignore this mail: nothing will happen.\n",
                                     url, token))};
}

Message known_already(std::string to, std::string_view url) {
  return {.to = std::move(to),
          .subject = "You are registered already",
          .text = Secret(fmt::format("Somebody tried to register with your e-mail address at {}, which has been "
                                     "registered before.\n\n"
                                     "If it was you: sign in, or set a new password there. If not, ignore this mail.\n",
                                     url))};
}

Message reset_password(std::string to, std::string_view url, std::string_view token) {
  return {.to = std::move(to),
          .subject = "Set a new password",
          .text = Secret(fmt::format("Open this link within 30 minutes to set a new password:\n\n"
                                     "{}/password-reset#token={}\n\n"
                                     "If you did not ask for it, ignore this mail: your password stays as it is.\n",
                                     url, token))};
}

Message verify_email(std::string to, std::string_view url, std::string_view token) {
  return {.to = std::move(to),
          .subject = "Confirm your e-mail address",
          .text = Secret(fmt::format("Open this link within a day to confirm that this address is yours:\n\n"
                                     "{}/verify-email#token={}\n",
                                     url, token))};
}

Message password_was_reset(std::string to) {
  return {.to = std::move(to),
          .subject = "Your password was changed",
          .text = Secret("Your password was changed by a link in a mail, and all your sessions were ended.\n\n"
                         "If it was not you, tell the operator.\n")};
}

}  // namespace sluice::mail
