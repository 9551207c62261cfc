#include "controlplane/alerts/deliverer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "common/observe/log.h"

namespace sluice::alerts {

namespace {

struct Target {
  std::string url;
  Secret key;
};

}  // namespace

std::string signature(const Secret& key, SystemTime at, std::string_view body) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  const std::string text = fmt::format("{}.{}", seconds, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  std::string out = fmt::format("t={},v1=", seconds);
  for (unsigned int i = 0; i < size; ++i)
    out += fmt::format("{:02x}", mac[i]);
  return out;
}

Deliverer::Deliverer(db::Pool& pool, const Clock& clock, const crypto::Vault& vault, const mail::Mailer& mailer,
                     DelivererOptions options)
    : pool_(pool), clock_(clock), vault_(vault), mailer_(mailer), options_(std::move(options)), thread_([this] {
        run();
      }) {}

Deliverer::~Deliverer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Deliverer::run() {
  for (;;) {
    const bool busy = deliver_one();
    std::unique_lock lock(mutex_);
    if (!busy) wake_.wait_for(lock, options_.look, [this] { return stop_; });
    if (stop_) return;
  }
}

bool Deliverer::deliver_one() {
  const auto taken =
      db::in_transaction(pool_, [&](db::Transaction& tx) { return take_delivery(tx, clock_.now(), options_.lease); });
  if (!taken || !*taken) return false;
  const Delivery& delivery = **taken;
  const Outcome outcome = delivery.email.empty() ? post(delivery) : mail(delivery);
  const Result<> noted = db::in_transaction(pool_, [&](db::Transaction& tx) {
    return outcome.error.empty()
               ? note_delivered(tx, delivery, outcome.http_status, clock_.now())
               : note_not_delivered(tx, delivery, outcome.http_status, outcome.error, outcome.final, clock_.now());
  });
  if (!outcome.error.empty()) {
    observe::log(observe::Level::kWarn, "alert_not_delivered",
                 {{"delivery_id", delivery.id}, {"attempts", delivery.attempts}, {"cause", outcome.error}});
  }
  return noted.has_value();
}

Deliverer::Outcome Deliverer::post(const Delivery& delivery) {
  const auto target = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<Target> {
    const auto webhook = get_webhook(tx, delivery.webhook_id);
    if (!webhook) return std::unexpected(webhook.error());
    if (webhook->status != store::Status::kActive)
      return fail(ErrorCode::kFailedPrecondition, "the webhook is disabled");
    auto key = vault_.open("alert_webhooks|" + webhook->id + "|sealed", webhook->sealed);
    if (!key) return std::unexpected(key.error());
    return Target{webhook->url, std::move(*key)};
  });
  if (!target) return {.error = target.error().message};
  oauth::FetchRequest request;
  request.url = target->url;
  request.content_type = "application/json";
  request.fields = {"X-Sluice-Signature: " + signature(target->key, clock_.now(), delivery.body),
                    "X-Sluice-Delivery: " + delivery.id};
  request.body = Secret(delivery.body);
  const auto answer = oauth::fetch(request, options_.fetch);
  if (!answer) return {.error = answer.error().message};
  if (answer->status >= 200 && answer->status < 300) return {.http_status = answer->status};
  return {.http_status = answer->status, .error = fmt::format("the receiver answered with {}", answer->status)};
}

Deliverer::Outcome Deliverer::mail(const Delivery& delivery) {
  const std::string first_line = delivery.body.substr(0, delivery.body.find('\n'));
  const Result<> sent = mailer_.send(
      {.to = delivery.email, .subject = "[Sluice] " + first_line, .text = Secret(delivery.body)}, delivery.id);
  if (sent) return {};
  return {.error = sent.error().message, .final = sent.error().code == ErrorCode::kInvalidArgument};
}

}  // namespace sluice::alerts
