#include "controlplane/accounts/test_failure.h"

#include <array>
#include <cstddef>

namespace sluice::accounts {

namespace {

struct Words {
  std::string_view name;
  std::string_view advice;
};

// In the order of TestCause.
constexpr std::array kWords = std::to_array<Words>({
    {"internal_address", "Correct base_url, or list the network in allow_private_upstreams if you mean it."},
    {"name", "Check the host in base_url, or the proxy's, and this host's DNS."},
    {"proxy", "Check the egress proxy's address, user name and password, and whether it lets this host through."},
    {"connect", "Check base_url and the firewalls between here and there."},
    {"tls", "Check base_url; for a private CA set ca_pem."},
    {"timeout", "Try again; if it stays, check the provider's status page and the proxy."},
    {"cut", "Try again; if it stays, something between here and the provider ends connections."},
    {"too_large", "Check that base_url leads to this provider."},
    {"credential", "Set the credential again, or log in again; check that it may use this API."},
    {"model", "Check the model's name, the account's model mapping, and what its plan includes."},
    {"request", "Check the model and the provider of the account; the provider's words tell what it refuses."},
    {"rate_limit", "The account works, and has no more room now; try later, or see its plan."},
    {"upstream", "The provider has trouble; try later."},
    {"not_a_stream", "Check that base_url and the provider of the account fit together."},
});
static_assert(kWords.size() == static_cast<std::size_t>(TestCause::kNotAStream) + 1);

bool has(const ErrorWords& words, std::string_view part) {
  return words.type.find(part) != std::string::npos;
}

}  // namespace

admin::v1::AccountTestFailed test_failed(TestCause cause, std::string_view message, int status) {
  const Words& words = kWords[static_cast<std::size_t>(cause)];
  admin::v1::AccountTestFailed failed;
  failed.set_cause(std::string(words.name));
  failed.set_message(std::string(message));
  failed.set_advice(std::string(words.advice));
  failed.set_status(status);
  return failed;
}

TestCause cause_of(int status, const ErrorWords& words) {
  if (status == 401 || status == 403 || has(words, "authentication") || has(words, "permission") ||
      has(words, "UNAUTHENTICATED")) {
    return TestCause::kCredential;
  }
  // Gemini says 400 to a wrong key, and tells by its words only.
  if (status == 400 && words.message.find("API key not valid") != std::string::npos) return TestCause::kCredential;
  if (status == 404 || has(words, "not_found") || has(words, "NOT_FOUND")) return TestCause::kModel;
  if (status == 429 || has(words, "rate_limit") || has(words, "RESOURCE_EXHAUSTED")) return TestCause::kRateLimit;
  if (status >= 400 && status < 500) return TestCause::kRequest;
  if (has(words, "invalid_request")) return TestCause::kRequest;
  return TestCause::kUpstream;
}

}  // namespace sluice::accounts
