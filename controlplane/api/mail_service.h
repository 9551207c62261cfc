// The admin API's mail: settings, a test, the log.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/mail/mailer.h"
#include "sluice/admin/v1/mail.grpc.pb.h"

namespace sluice::api {

class MailServiceImpl final : public admin::v1::MailService::Service {
 public:
  MailServiceImpl(const AdminContext& admin, const mail::Mailer& mailer) : admin_(admin), mailer_(mailer) {}

  grpc::Status GetMailSettings(grpc::ServerContext* context, const admin::v1::GetMailSettingsRequest* request,
                               admin::v1::GetMailSettingsResponse* response) override;
  grpc::Status UpdateMailSettings(grpc::ServerContext* context, const admin::v1::UpdateMailSettingsRequest* request,
                                  admin::v1::UpdateMailSettingsResponse* response) override;
  grpc::Status SendTestMail(grpc::ServerContext* context, const admin::v1::SendTestMailRequest* request,
                            admin::v1::SendTestMailResponse* response) override;
  grpc::Status ListMails(grpc::ServerContext* context, const admin::v1::ListMailsRequest* request,
                         admin::v1::ListMailsResponse* response) override;

 private:
  const AdminContext& admin_;
  const mail::Mailer& mailer_;
};

}  // namespace sluice::api
