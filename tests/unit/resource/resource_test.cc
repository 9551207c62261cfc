#include <catch2/catch.hpp>

#include "common/resource/digest.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"

namespace {

using namespace sluice;
using namespace sluice::config::v1;

const std::string kId = "01890a5d-ac96-774b-bcce-b302099a8057";

ApiKey good_key() {
  ApiKey key;
  key.set_user_id(kId);
  key.set_group_id(kId);
  key.set_key_hmac(std::string(32, 'h'));
  key.set_pepper_version(1);
  return key;
}

Account good_account() {
  Account account;
  account.set_display_name("first");
  account.set_provider("anthropic");
  account.set_base_url("https://api.anthropic.com");
  account.add_group_ids(kId);
  return account;
}

Credential good_credential() {
  Credential credential;
  credential.set_kind(CREDENTIAL_KIND_API_KEY);
  credential.set_secret("sk-ant-secret");
  credential.add_bound_hosts("api.anthropic.com:443");
  return credential;
}

Price good_price() {
  Price price;
  price.set_model("claude-sonnet-4-5");
  price.set_provider("anthropic");
  price.mutable_effective_at()->set_seconds(1'700'000'000);
  price.set_input(3'000'000'000);
  return price;
}

template <class Message>
std::string reason(Kind kind, const Message& message) {
  const Result<> result = resource::validate(kind, kId, STATE_ACTIVE, message.SerializeAsString());
  return result ? "" : result.error().message;
}

TEST_CASE("good resources of every kind pass") {
  CHECK(reason(KIND_API_KEY, good_key()).empty());
  CHECK(reason(KIND_ACCOUNT, good_account()).empty());
  CHECK(reason(KIND_CREDENTIAL, good_credential()).empty());
  CHECK(reason(KIND_PRICE, good_price()).empty());
  CHECK(reason(KIND_GROUP, Group()).empty());
  CHECK(reason(KIND_USER, User()).empty());
  EgressProxy proxy;
  proxy.set_url("socks5h://proxy.internal:1080");
  CHECK(reason(KIND_EGRESS_PROXY, proxy).empty());
  CHECK(resource::validate(KIND_SETTINGS, "settings", STATE_ACTIVE, Settings().SerializeAsString()));
}

TEST_CASE("the envelope is checked first") {
  CHECK_FALSE(resource::validate(KIND_UNSPECIFIED, kId, STATE_ACTIVE, ""));
  CHECK_FALSE(resource::validate(static_cast<Kind>(99), kId, STATE_ACTIVE, ""));
  CHECK_FALSE(resource::validate(KIND_USER, kId, STATE_UNSPECIFIED, ""));
  CHECK_FALSE(resource::validate(KIND_USER, "01890A5D-AC96-774B-BCCE-B302099A8057", STATE_ACTIVE, ""));
  CHECK_FALSE(resource::validate(KIND_SETTINGS, kId, STATE_ACTIVE, ""));
}

TEST_CASE("a deleted resource passes whatever its payload says") {
  CHECK(resource::validate(KIND_API_KEY, kId, STATE_DELETED, "\xff\xff"));
  CHECK_FALSE(resource::validate(KIND_API_KEY, kId, STATE_DISABLED, "\xff\xff"));
}

TEST_CASE("a bad field is named in the reason") {
  ApiKey key = good_key();
  key.set_key_hmac("short");
  CHECK(reason(KIND_API_KEY, key).find("key_hmac") != std::string::npos);
  key = good_key();
  key.set_group_id("");
  CHECK(reason(KIND_API_KEY, key).find("group_id") != std::string::npos);

  Account account = good_account();
  account.set_base_url("ftp://example.com");
  CHECK(reason(KIND_ACCOUNT, account).find("base_url") != std::string::npos);
  account = good_account();
  account.add_group_ids(kId);
  CHECK(reason(KIND_ACCOUNT, account).find("twice") != std::string::npos);
  account = good_account();
  account.set_ca_pem("not a certificate");
  CHECK(reason(KIND_ACCOUNT, account).find("ca_pem") != std::string::npos);
  account = good_account();
  account.set_provider("Bad Provider");
  CHECK(reason(KIND_ACCOUNT, account).find("provider") != std::string::npos);

  Price price = good_price();
  price.set_output(-1);
  CHECK(reason(KIND_PRICE, price).find("output") != std::string::npos);
  price = good_price();
  price.clear_effective_at();
  CHECK(reason(KIND_PRICE, price).find("effective_at") != std::string::npos);

  User user;
  user.set_multiplier_ppm(resource::kMaxMultiplierPpm + 1);
  CHECK(reason(KIND_USER, user).find("multiplier_ppm") != std::string::npos);
  user = User();
  user.set_display_name("line\nbreak");
  CHECK(reason(KIND_USER, user).find("display_name") != std::string::npos);
}

TEST_CASE("the reason for a bad secret does not show it") {
  Credential credential = good_credential();
  credential.set_secret("sk-hidden\r\nx: y");
  const std::string why = reason(KIND_CREDENTIAL, credential);
  CHECK(why.find("secret") != std::string::npos);
  CHECK(why.find("sk-hidden") == std::string::npos);
}

TEST_CASE("a credential may only be bound to plain hosts with ports") {
  for (const char* host : {"api.anthropic.com", "https://api.anthropic.com:443", "api.anthropic.com:0", ":443",
                           "api.anthropic.com:99999", "user@host:443", "::1:443", "API.anthropic.com:443"}) {
    CAPTURE(host);
    Credential credential = good_credential();
    credential.set_bound_hosts(0, host);
    CHECK_FALSE(reason(KIND_CREDENTIAL, credential).empty());
  }
  Credential credential = good_credential();
  credential.set_bound_hosts(0, "[::1]:8443");
  CHECK(reason(KIND_CREDENTIAL, credential).empty());
  credential.clear_bound_hosts();
  CHECK_FALSE(reason(KIND_CREDENTIAL, credential).empty());
}

TEST_CASE("an oversized payload is refused before it is read") {
  const std::string big(resource::kMaxPayloadBytes + 1, 'x');
  const Result<> result = resource::validate(KIND_USER, kId, STATE_ACTIVE, big);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("payload") != std::string::npos);
}

Resource resource_of(Kind kind, const std::string& id, std::uint64_t revision, State state, std::string payload) {
  Resource out;
  out.set_kind(kind);
  out.set_id(id);
  out.set_revision(revision);
  out.set_state(state);
  out.set_payload(std::move(payload));
  return out;
}

TEST_CASE("the digest does not depend on order and forgets what is removed") {
  const auto a = resource::hash(resource_of(KIND_USER, kId, 1, STATE_ACTIVE, "a"));
  const auto b = resource::hash(resource_of(KIND_GROUP, kId, 1, STATE_ACTIVE, "a"));
  const auto c = resource::hash(resource_of(KIND_USER, kId, 2, STATE_ACTIVE, "a"));
  resource::Digest forward, backward;
  for (const auto& hash : {a, b, c})
    forward.add(hash);
  for (const auto& hash : {c, b, a})
    backward.add(hash);
  CHECK(forward == backward);
  forward.remove(b);
  CHECK_FALSE(forward == backward);
  forward.remove(a);
  forward.remove(c);
  CHECK(forward == resource::Digest());
  CHECK(forward.bytes() == std::string(32, '\0'));
}

TEST_CASE("every part of a resource changes its hash") {
  const auto base = resource_of(KIND_USER, kId, 1, STATE_ACTIVE, "a");
  for (const auto& other :
       {resource_of(KIND_GROUP, kId, 1, STATE_ACTIVE, "a"), resource_of(KIND_USER, "b" + kId, 1, STATE_ACTIVE, "a"),
        resource_of(KIND_USER, kId, 2, STATE_ACTIVE, "a"), resource_of(KIND_USER, kId, 1, STATE_DISABLED, "a"),
        resource_of(KIND_USER, kId, 1, STATE_ACTIVE, "b")}) {
    CHECK(resource::hash(base) != resource::hash(other));
  }
}

}  // namespace
