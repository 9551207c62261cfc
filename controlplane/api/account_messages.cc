#include "controlplane/api/account_messages.h"

#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/credentials.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

Result<bool> has_credential(Call& call, const std::string& account_id) {
  auto credential = store::get_credential(call.tx, account_id);
  if (credential) return credential->status == store::Status::kActive;
  if (credential.error().code == ErrorCode::kNotFound) return false;
  return std::unexpected(credential.error());
}

// Numbers below zero become too large ones, which the rules for pushed accounts refuse.
store::PauseRules rules_of(const v1::Account& account) {
  store::PauseRules rules;
  for (const v1::AccountPauseRule& shown : account.pause_rules()) {
    config::v1::PauseRule& rule = rules.emplace_back();
    rule.set_status(static_cast<std::uint32_t>(shown.status()));
    *rule.mutable_keywords() = shown.keywords();
    rule.set_minutes(static_cast<std::uint32_t>(shown.minutes()));
  }
  return rules;
}

// What the nodes do not see, and the weight.
Result<> read_description(const v1::Account& account, store::Account& into) {
  constexpr int kMaxTags = 32;
  if (account.weight() < 0) return fail(ErrorCode::kInvalidArgument, "weight: must be 0 or more");
  if (account.hybrid_scheduling() && account.provider() != "antigravity") {
    return fail(ErrorCode::kInvalidArgument, "hybrid_scheduling: only for accounts of the provider antigravity");
  }
  if (Result<> r = resource::check_count("tags", account.tags_size(), kMaxTags); !r) return r;
  for (const std::string& tag : account.tags()) {
    if (Result<> r = resource::check_token("tags", tag, resource::kMaxNameBytes); !r) return r;
  }
  if (Result<> r = resource::check_text("note", account.note(), kMaxNoteBytes); !r) return r;
  into.weight = account.weight() == 0 ? 100 : account.weight();
  into.hybrid = account.hybrid_scheduling();
  into.tags.assign(account.tags().begin(), account.tags().end());
  into.note = account.note();
  return {};
}

}  // namespace

Result<> to_message(Call& call, const store::Account& row, v1::Account& into) {
  auto sealed = has_credential(call, row.id);
  if (!sealed) return std::unexpected(sealed.error());
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_provider(row.provider);
  into.set_base_url(row.base_url);
  into.set_status(row.status == store::Status::kActive ? v1::ACCOUNT_STATUS_ACTIVE : v1::ACCOUNT_STATUS_DISABLED);
  into.set_priority(row.priority);
  into.set_concurrency(row.concurrency);
  into.set_weight(row.weight);
  into.set_hybrid_scheduling(row.hybrid);
  into.mutable_tags()->Add(row.tags.begin(), row.tags.end());
  into.set_note(row.note);
  for (const std::string& model : row.models)
    into.add_models(model);
  into.set_ca_pem(row.ca_pem);
  for (const std::string& group : row.group_ids)
    into.add_group_ids(group);
  into.mutable_model_mapping()->insert(row.model_mapping.begin(), row.model_mapping.end());
  for (const config::v1::PauseRule& rule : row.pause_rules) {
    v1::AccountPauseRule& shown = *into.add_pause_rules();
    shown.set_status(static_cast<std::int32_t>(rule.status()));
    *shown.mutable_keywords() = rule.keywords();
    shown.set_minutes(static_cast<std::int32_t>(rule.minutes()));
  }
  for (const std::string& proxy : row.egress_proxy_ids)
    into.add_egress_proxy_ids(proxy);
  into.set_has_credential(*sealed);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
  return {};
}

Result<> from_message(const v1::Account& account, store::Account& into) {
  if (account.concurrency() < 0) return fail(ErrorCode::kInvalidArgument, "concurrency: must be 0 or more");
  into.name = account.name();
  into.provider = account.provider();
  into.base_url = account.base_url();
  into.status = account.status() == v1::ACCOUNT_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.priority = account.priority();
  into.concurrency = account.concurrency();
  if (Result<> described = read_description(account, into); !described) return described;
  into.models.assign(account.models().begin(), account.models().end());
  into.ca_pem = account.ca_pem();
  into.group_ids.assign(account.group_ids().begin(), account.group_ids().end());
  into.model_mapping = {account.model_mapping().begin(), account.model_mapping().end()};
  into.pause_rules = rules_of(account);
  into.egress_proxy_ids.assign(account.egress_proxy_ids().begin(), account.egress_proxy_ids().end());

  config::v1::Account pushed;
  pushed.set_display_name(into.name);
  pushed.set_provider(into.provider);
  pushed.set_base_url(into.base_url);
  pushed.set_concurrency(static_cast<std::uint32_t>(into.concurrency));
  pushed.set_priority(into.priority);
  pushed.set_weight(static_cast<std::uint32_t>(into.weight));
  pushed.set_ca_pem(into.ca_pem);
  for (const std::string& model : into.models)
    pushed.add_models(model);
  for (const std::string& group : into.group_ids)
    pushed.add_group_ids(group);
  pushed.mutable_model_mapping()->insert(into.model_mapping.begin(), into.model_mapping.end());
  pushed.mutable_pause_rules()->Add(into.pause_rules.begin(), into.pause_rules.end());
  for (const std::string& proxy : into.egress_proxy_ids)
    pushed.add_egress_proxy_ids(proxy);
  return check_pushed(pushed);
}

// The secret is bound to the host it was given for, so that no later change of the URL can send it elsewhere.
Result<> store_credential(Call& call, const CredentialTools& tools, const std::string& account_id,
                          const std::string& base_url, const v1::AccountCredential& credential) {
  auto host = tools.guard.check(base_url);
  if (!host) return std::unexpected(host.error());
  const bool token = credential.kind() == v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN;
  config::v1::Credential pushed;
  pushed.set_kind(token ? config::v1::CREDENTIAL_KIND_ACCESS_TOKEN : config::v1::CREDENTIAL_KIND_API_KEY);
  pushed.set_secret(credential.secret());
  pushed.add_bound_hosts(*host);
  if (credential.has_expires_at()) *pushed.mutable_expires_at() = credential.expires_at();
  if (Result<> valid = resource::check(pushed); !valid) return valid;

  store::Credential row;
  row.account_id = account_id;
  row.kind = token ? store::CredentialKind::kAccessToken : store::CredentialKind::kApiKey;
  row.sealed = tools.vault.seal("account_credentials|" + account_id + "|sealed", Secret(credential.secret()));
  row.key_version = static_cast<std::int32_t>(tools.vault.newest_version());
  if (credential.has_expires_at()) row.expires_at = to_time(credential.expires_at());
  row.bound_hosts = {*host};
  auto stored = store::put_credential(call.tx, row);
  if (!stored) return std::unexpected(stored.error());
  return call.audit("account.set_credential", "account", account_id, nullptr, nullptr);
}

}  // namespace sluice::api
