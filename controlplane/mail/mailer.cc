#include "controlplane/mail/mailer.h"

#include <fmt/format.h>

#include "common/observe/log.h"
#include "controlplane/mail/settings.h"

namespace sluice::mail {

Mailer::Mailer(db::Pool& pool, const Clock& clock, const crypto::Vault& vault, MailerOptions options)
    : pool_(pool), clock_(clock), vault_(vault), options_(std::move(options)), thread_([this] { run(); }) {}

Mailer::~Mailer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Mailer::run() {
  for (;;) {
    const bool busy = send_one();
    std::unique_lock lock(mutex_);
    if (!busy) wake_.wait_for(lock, options_.look, [this] { return stop_; });
    if (stop_) return;
  }
}

Result<> Mailer::send(const Message& message, std::string_view id) const {
  const auto server = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<SmtpServer> {
    const auto settings = get_settings(tx);
    if (!settings) return std::unexpected(settings.error());
    return server_of(vault_, *settings);
  });
  if (!server) return std::unexpected(server.error());
  return deliver(*server, message.to, render(message, server->from, clock_.now(), id), options_.smtp);
}

Result<> Mailer::send_taken(const Mail& mail) const {
  auto text = vault_.open(fmt::format("mails|{}|sealed", mail.id), mail.sealed);
  if (!text) return std::unexpected(text.error());
  return send({.to = mail.recipient, .subject = mail.subject, .text = std::move(*text)}, mail.id);
}

bool Mailer::send_one() {
  const auto taken =
      db::in_transaction(pool_, [&](db::Transaction& tx) { return take_mail(tx, clock_.now(), options_.lease); });
  if (!taken || !*taken) return false;
  const Mail& mail = **taken;
  const Result<> sent = send_taken(mail);
  const Result<> noted = db::in_transaction(pool_, [&](db::Transaction& tx) {
    if (sent) return note_sent(tx, mail, clock_.now());
    const bool final = sent.error().code == ErrorCode::kInvalidArgument;
    return note_not_sent(tx, mail, sent.error().message, final, clock_.now());
  });
  if (!sent) {
    observe::log(observe::Level::kWarn, "mail_not_sent",
                 {{"mail_id", mail.id}, {"attempts", mail.attempts}, {"cause", sent.error().message}});
  }
  return noted.has_value();
}

}  // namespace sluice::mail
