#include "controlplane/accounts/test_events.h"

namespace sluice::accounts {

void TestEvents::tell(admin::v1::TestAccountResponse event) {
  if (gone_) return;
  event.set_elapsed_ms(elapsed().count());
  gone_ = !caller_.tell(event);
}

void TestEvents::fail(admin::v1::AccountTestFailed failed) {
  failed.set_message(without_secret(failed.message()));
  admin::v1::TestAccountResponse event;
  *event.mutable_failed() = std::move(failed);
  tell(std::move(event));
}

std::string TestEvents::without_secret(std::string text) const {
  const std::string_view secret = secret_.reveal();
  if (secret.empty()) return text;
  constexpr std::string_view kInstead = "[credential]";
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kInstead.size()))
    text.replace(at, secret.size(), kInstead);
  return text;
}

}  // namespace sluice::accounts
