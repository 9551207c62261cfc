#include "controlplane/api/human_check.h"

#include <optional>

#include "controlplane/identity/turnstile.h"
#include "controlplane/store/sign_in_settings.h"

namespace sluice::api {

Result<> HumanCheck::ask(const std::string& token, const std::string& network) const {
  using Question = std::optional<identity::HumanQuestion>;
  const auto question = db::in_transaction(admin_.pool, [&](db::Transaction& tx) -> Result<Question> {
    const auto settings = store::get_sign_in_settings(tx);
    if (!settings) return std::unexpected(settings.error());
    if (settings->turnstile_site_key.empty()) return Question();
    auto secret = admin_.vault.open("sign_in_settings|" + settings->id + "|sealed", settings->sealed);
    if (!secret) return std::unexpected(secret.error());
    return Question(
        {.url = settings->turnstile_url.empty() ? std::string(identity::kTurnstileUrl) : settings->turnstile_url,
         .secret = std::move(*secret),
         .token = token,
         .network = network});
  });
  if (!question) return std::unexpected(question.error());
  if (!*question) return {};
  return identity::check_human(**question, options_);
}

}  // namespace sluice::api
