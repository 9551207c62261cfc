// By the descriptors: no answer has a field for a secret, but those that show it once, to whom it was made for, and
// those of objects that are also written, whose comment promises that no answer carries it.
#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "controlplane/api/schema.h"

namespace sluice::api {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Shown once, to the person who asks for it.
const std::set<std::string> kShownOnce{
    "CreateAlertWebhookResponse.secret",
    "CreateApiKeyResponse.secret",
    "RotateApiKeyResponse.secret",
    "CreateAdminTokenResponse.secret",
    "LoginResponse.csrf_token",
    "LoginResponse.session_token",
    "GetSessionResponse.csrf_token",
    "BeginTotpResponse.secret",
    "CreateEnrolmentTokenResponse.token",
    "FinishOidcSignInResponse.csrf_token",
    "FinishOidcSignInResponse.session_token",
};
// Words about secrets that are none.
const std::regex kHarmless(
    "has_.*|.*_tokens|tokens?_.*|.*next_page_token|.*_count|.*_url|.*_endpoint|.*_at|secret_set");
const std::regex kSecret(".*(secret|password|passphrase|token|credential|private_key|ciphertext|sealed|hmac|hash).*");

void collect(const Descriptor& message, std::set<std::string>& seen, std::vector<std::string>& found) {
  if (!seen.insert(message.full_name()).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.message_type() != nullptr) {
      collect(*field.message_type(), seen, found);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && std::regex_match(field.name(), kSecret) &&
               !std::regex_match(field.name(), kHarmless) && !Schema::comment(field).starts_with("Write-only:")) {
      found.push_back(message.name() + "." + field.name());
    }
  }
}

}  // namespace

TEST_CASE("no answer has a field for a secret") {
  const Schema schema;
  std::set<std::string> seen;
  std::vector<std::string> found;
  for (const auto* service : schema.services()) {
    for (int i = 0; i < service->method_count(); ++i)
      collect(*service->method(i)->output_type(), seen, found);
  }
  for (const std::string& field : found) {
    INFO(field);
    CHECK(kShownOnce.contains(field));
  }
  CHECK(found.size() >= kShownOnce.size());
}

}  // namespace sluice::api
