#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <memory>

#include "common/io/proxy.h"
#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"

namespace sluice::resource {

namespace {

Result<> check_pem(std::string_view pem) {
  if (pem.empty()) return {};
  if (pem.size() > kMaxPemBytes) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("ca_pem is longer than {} bytes", kMaxPemBytes));
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                     &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> first(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr),
                                                          &X509_free);
  ERR_clear_error();
  if (first == nullptr) return fail(ErrorCode::kInvalidArgument, "ca_pem does not start with a PEM certificate");
  return {};
}

Result<> check_mapping(const config::v1::Account& account) {
  const int count = static_cast<int>(account.model_mapping().size());
  if (Result<> r = check_count("model_mapping", count, kMaxModelsPerAccount); !r) return r;
  for (const auto& [from, to] : account.model_mapping()) {
    if (Result<> r = check_required_text("model_mapping", from, kMaxMappedModelBytes); !r) return r;
    if (Result<> r = check_required_text("model_mapping", to, kMaxMappedModelBytes); !r) return r;
  }
  return {};
}

Result<> check_rule(const config::v1::PauseRule& rule) {
  if (Result<> r = check_range<std::uint32_t>("pause_rules.status", rule.status(), 100, 599); !r) return r;
  if (Result<> r = check_range<std::uint32_t>("pause_rules.minutes", rule.minutes(), 1, kMaxPauseMinutes); !r) return r;
  if (Result<> r = check_count("pause_rules.keywords", rule.keywords_size(), kMaxPauseKeywords); !r) return r;
  for (const std::string& word : rule.keywords()) {
    if (Result<> r = check_required_text("pause_rules.keywords", word, kMaxPauseKeywordBytes); !r) return r;
  }
  return {};
}

// The value is never quoted.
Result<> check_login(std::string_view field, const std::string& value) {
  if (!value.empty()) return check_text(field, value, kMaxProxyLoginBytes);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is missing: give both username and password, or none", field));
}

}  // namespace

Result<> check(const config::v1::Account& account) {
  if (Result<> r = check_text("display_name", account.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_identifier("provider", account.provider()); !r) return r;
  if (Result<> r = check_url("base_url", account.base_url()); !r) return r;
  if (Result<> r = check_uuids("group_ids", account.group_ids(), kMaxGroupsPerAccount); !r) return r;
  if (Result<> r = check_range<std::uint32_t>("concurrency", account.concurrency(), 0, kMaxConcurrency); !r) return r;
  if (Result<> r = check_range<std::int32_t>("priority", account.priority(), -kMaxPriority, kMaxPriority); !r) return r;
  if (Result<> r = check_range<std::uint32_t>("weight", account.weight(), 0, kMaxWeight); !r) return r;
  if (Result<> r = check_count("models", account.models_size(), kMaxModelsPerAccount); !r) return r;
  for (const std::string& model : account.models()) {
    if (Result<> r = check_required_text("models", model, kMaxNameBytes); !r) return r;
  }
  if (Result<> r = check_uuids("egress_proxy_ids", account.egress_proxy_ids(), kMaxProxiesPerAccount); !r) return r;
  if (Result<> r = check_mapping(account); !r) return r;
  if (Result<> r = check_count("pause_rules", account.pause_rules_size(), kMaxPauseRules); !r) return r;
  for (const config::v1::PauseRule& rule : account.pause_rules()) {
    if (Result<> r = check_rule(rule); !r) return r;
  }
  return check_pem(account.ca_pem());
}

Result<> check(const config::v1::Credential& credential) {
  if (credential.kind() != config::v1::CREDENTIAL_KIND_API_KEY &&
      credential.kind() != config::v1::CREDENTIAL_KIND_ACCESS_TOKEN) {
    return fail(ErrorCode::kInvalidArgument, "kind is missing or unknown to this version");
  }
  if (Result<> r = check_token("secret", credential.secret(), kMaxSecretBytes); !r) return r;
  if (credential.bound_hosts().empty()) {
    return fail(ErrorCode::kInvalidArgument, "bound_hosts is empty: the secret could be sent nowhere");
  }
  if (Result<> r = check_count("bound_hosts", credential.bound_hosts_size(), kMaxBoundHosts); !r) return r;
  for (const std::string& host : credential.bound_hosts()) {
    if (Result<> r = check_host_and_port("bound_hosts", host); !r) return r;
  }
  return credential.has_expires_at() ? check_time("expires_at", credential.expires_at()) : Result<>{};
}

Result<> check(const config::v1::EgressProxy& proxy) {
  if (Result<> r = check_required_text("url", proxy.url(), kMaxUrlBytes); !r) return r;
  if (const Result<io::Proxy> url = io::parse_proxy_url(proxy.url()); !url) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("url is not usable: {}", url.error().message));
  }
  if (proxy.username().empty() && proxy.password().empty()) return {};
  if (Result<> r = check_login("username", proxy.username()); !r) return r;
  if (proxy.username().find(':') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "username contains a colon");  // Basic credentials end the name with it
  }
  return check_login("password", proxy.password());
}

namespace {

Result<> check_tiers(const config::v1::Price& price) {
  if (Result<> r = check_count("tiers", price.tiers_size(), kMaxPriceTiers); !r) return r;
  std::int64_t above = 0;
  for (const config::v1::PriceTier& tier : price.tiers()) {
    if (tier.above_tokens() <= above) {
      return fail(ErrorCode::kInvalidArgument, "tiers.above_tokens must be above 0 and ascend");
    }
    above = tier.above_tokens();
    for (const std::int64_t amount :
         {tier.input(), tier.output(), tier.cache_read(), tier.cache_write_5m(), tier.cache_write_1h()}) {
      if (Result<> r = check_range<std::int64_t>("tiers", amount, 0, kMaxPrice); !r) return r;
    }
  }
  return {};
}

}  // namespace

Result<> check(const config::v1::Price& price) {
  if (Result<> r = check_required_text("model", price.model(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_text("display_name", price.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_identifier("provider", price.provider()); !r) return r;
  if (!price.has_effective_at()) return fail(ErrorCode::kInvalidArgument, "effective_at is missing");
  if (Result<> r = check_time("effective_at", price.effective_at()); !r) return r;
  const std::pair<std::string_view, std::int64_t> amounts[] = {
      {"input", price.input()},
      {"output", price.output()},
      {"cache_read", price.cache_read()},
      {"cache_write_5m", price.cache_write_5m()},
      {"cache_write_1h", price.cache_write_1h()},
      {"per_request", price.per_request()},
  };
  for (const auto& [field, amount] : amounts) {
    if (Result<> r = check_range<std::int64_t>(field, amount, 0, kMaxPrice); !r) return r;
  }
  return check_tiers(price);
}

}  // namespace sluice::resource
