// Every gRPC service of the control plane, registered on one server.
#pragma once

#include <grpcpp/server_builder.h>

#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/api/account_edits_service.h"
#include "controlplane/api/account_health_service.h"
#include "controlplane/api/account_test_service.h"
#include "controlplane/api/account_transfer_service.h"
#include "controlplane/api/accounts_service.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/api/admin_tokens_service.h"
#include "controlplane/api/alert_webhooks_service.h"
#include "controlplane/api/alerts_service.h"
#include "controlplane/api/api_keys_service.h"
#include "controlplane/api/audit_service.h"
#include "controlplane/api/auth_service.h"
#include "controlplane/api/catalog_service.h"
#include "controlplane/api/claude_relay_imports_service.h"
#include "controlplane/api/egress_proxies_service.h"
#include "controlplane/api/group_grants_service.h"
#include "controlplane/api/groups_service.h"
#include "controlplane/api/human_check.h"
#include "controlplane/api/identities_service.h"
#include "controlplane/api/jobs_service.h"
#include "controlplane/api/ledger_checks_service.h"
#include "controlplane/api/ledger_service.h"
#include "controlplane/api/live_service.h"
#include "controlplane/api/mail_service.h"
#include "controlplane/api/node_certificates_service.h"
#include "controlplane/api/nodes_service.h"
#include "controlplane/api/oauth_clients_service.h"
#include "controlplane/api/oauth_logins_service.h"
#include "controlplane/api/oidc_providers_service.h"
#include "controlplane/api/oidc_sign_in_service.h"
#include "controlplane/api/price_imports_service.h"
#include "controlplane/api/prices_service.h"
#include "controlplane/api/redeem_codes_service.h"
#include "controlplane/api/registration_service.h"
#include "controlplane/api/requests_service.h"
#include "controlplane/api/settings_service.h"
#include "controlplane/api/sign_in_service.h"
#include "controlplane/api/sign_in_settings_service.h"
#include "controlplane/api/statements_service.h"
#include "controlplane/api/subscription_plans_service.h"
#include "controlplane/api/subscriptions_service.h"
#include "controlplane/api/usage_exports_service.h"
#include "controlplane/api/usage_reports_service.h"
#include "controlplane/api/usage_retention_service.h"
#include "controlplane/api/usage_service.h"
#include "controlplane/api/users_service.h"

namespace sluice::bootstrap {

class AdminServices {
 public:
  AdminServices(const api::AdminContext& admin, const crypto::Vault& vault, const crypto::ApiKeyHasher& hasher,
                const accounts::BaseUrlGuard& guard, const oauth::VaultContext& oauth, oauth::Refresher& refresher,
                api::AskNodes ask_nodes, live::Hub& hub, const identity::PasswordHasher& passwords, Secret setup_token,
                const mail::Mailer& mailer, const api::HumanCheck& human, const oidc::OidcContext& oidc)
      : users_(admin),
        groups_(admin),
        group_grants_(admin),
        catalog_(admin),
        account_edits_(admin),
        claude_relay_imports_(admin, vault, guard),
        accounts_(admin, vault, guard),
        account_test_(admin, oauth),
        account_transfer_(admin, vault, guard),
        api_keys_(admin, hasher),
        prices_(admin),
        nodes_(admin),
        node_certificates_(admin),
        usage_(admin),
        usage_reports_(admin),
        usage_exports_(admin),
        usage_retention_(admin),
        ledger_(admin),
        admin_tokens_(admin),
        settings_(admin),
        egress_proxies_(admin, vault),
        account_health_(admin),
        oauth_clients_(admin, oauth),
        oauth_logins_(admin, oauth, refresher),
        price_imports_(admin),
        statements_(admin),
        ledger_checks_(admin),
        redeem_codes_(admin, hasher),
        subscription_plans_(admin),
        subscriptions_(admin),
        jobs_(admin),
        audit_(admin),
        alerts_(admin),
        alert_webhooks_(admin, guard),
        requests_(admin, std::move(ask_nodes)),
        live_(admin, hub),
        auth_(admin, passwords, std::move(setup_token), human),
        sign_in_(admin, passwords),
        sign_in_settings_(admin, guard),
        registration_(admin, passwords, human),
        mail_(admin, mailer),
        oidc_providers_(admin, guard, oidc),
        oidc_sign_in_(admin, oidc),
        identities_(admin, passwords, oidc) {}

  void add_to(grpc::ServerBuilder& builder) {
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{&users_,
                                                                        &groups_,
                                                                        &group_grants_,
                                                                        &catalog_,
                                                                        &account_edits_,
                                                                        &claude_relay_imports_,
                                                                        &accounts_,
                                                                        &api_keys_,
                                                                        &prices_,
                                                                        &nodes_,
                                                                        &usage_,
                                                                        &usage_reports_,
                                                                        &usage_exports_,
                                                                        &usage_retention_,
                                                                        &ledger_,
                                                                        &admin_tokens_,
                                                                        &settings_,
                                                                        &egress_proxies_,
                                                                        &account_health_,
                                                                        &oauth_clients_,
                                                                        &oauth_logins_,
                                                                        &price_imports_,
                                                                        &statements_,
                                                                        &ledger_checks_,
                                                                        &redeem_codes_,
                                                                        &subscription_plans_,
                                                                        &subscriptions_,
                                                                        &jobs_,
                                                                        &audit_,
                                                                        &alerts_,
                                                                        &alert_webhooks_,
                                                                        &requests_,
                                                                        &live_,
                                                                        &auth_,
                                                                        &sign_in_,
                                                                        &sign_in_settings_,
                                                                        &registration_,
                                                                        &mail_,
                                                                        &oidc_providers_,
                                                                        &oidc_sign_in_,
                                                                        &identities_,
                                                                        &account_test_,
                                                                        &account_transfer_,
                                                                        &node_certificates_}) {
      builder.RegisterService(service);
    }
  }

 private:
  api::UserServiceImpl users_;
  api::GroupServiceImpl groups_;
  api::GroupGrantServiceImpl group_grants_;
  api::CatalogServiceImpl catalog_;
  api::AccountEditServiceImpl account_edits_;
  api::ClaudeRelayImportServiceImpl claude_relay_imports_;
  api::AccountServiceImpl accounts_;
  api::AccountTestServiceImpl account_test_;
  api::AccountTransferServiceImpl account_transfer_;
  api::ApiKeyServiceImpl api_keys_;
  api::PriceServiceImpl prices_;
  api::NodeServiceImpl nodes_;
  api::NodeCertificateServiceImpl node_certificates_;
  api::UsageServiceImpl usage_;
  api::UsageReportsServiceImpl usage_reports_;
  api::UsageExportsServiceImpl usage_exports_;
  api::UsageRetentionServiceImpl usage_retention_;
  api::LedgerServiceImpl ledger_;
  api::AdminTokenServiceImpl admin_tokens_;
  api::SettingsServiceImpl settings_;
  api::EgressProxyServiceImpl egress_proxies_;
  api::AccountHealthServiceImpl account_health_;
  api::OAuthClientServiceImpl oauth_clients_;
  api::OAuthLoginServiceImpl oauth_logins_;
  api::PriceImportServiceImpl price_imports_;
  api::StatementServiceImpl statements_;
  api::LedgerCheckServiceImpl ledger_checks_;
  api::RedeemCodeServiceImpl redeem_codes_;
  api::SubscriptionPlanServiceImpl subscription_plans_;
  api::SubscriptionServiceImpl subscriptions_;
  api::JobServiceImpl jobs_;
  api::AuditServiceImpl audit_;
  api::AlertServiceImpl alerts_;
  api::AlertWebhookServiceImpl alert_webhooks_;
  api::RequestServiceImpl requests_;
  api::LiveServiceImpl live_;
  api::AuthServiceImpl auth_;
  api::SignInServiceImpl sign_in_;
  api::SignInSettingsServiceImpl sign_in_settings_;
  api::RegistrationServiceImpl registration_;
  api::MailServiceImpl mail_;
  api::OidcProviderServiceImpl oidc_providers_;
  api::OidcSignInServiceImpl oidc_sign_in_;
  api::IdentityServiceImpl identities_;
};

}  // namespace sluice::bootstrap
