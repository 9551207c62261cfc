#include "controlplane/api/alert_messages.h"

#include "controlplane/api/convert.h"
#include "controlplane/mail/address.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kMaxName = 200;
constexpr int kMostWebhooks = 20;
constexpr int kMostEmails = 20;
constexpr int kLongestSeconds = 30 * 24 * 3'600;
constexpr int kUsualWindow = 300;

v1::AlertState shown(alerts::State state) {
  switch (state) {
    case alerts::State::kPending:
      return v1::ALERT_STATE_PENDING;
    case alerts::State::kFiring:
      return v1::ALERT_STATE_FIRING;
    case alerts::State::kResolved:
      return v1::ALERT_STATE_RESOLVED;
  }
  return v1::ALERT_STATE_UNSPECIFIED;
}

v1::AlertDeliveryState shown(const std::string& state) {
  if (state == "waiting") return v1::ALERT_DELIVERY_STATE_WAITING;
  return state == "failed" ? v1::ALERT_DELIVERY_STATE_FAILED : v1::ALERT_DELIVERY_STATE_DELIVERED;
}

Result<> check_seconds(const v1::AlertRule& rule) {
  const NamedNumber seconds[] = {{"window_seconds", rule.window_seconds()},
                                 {"for_seconds", rule.for_seconds()},
                                 {"cooldown_seconds", rule.cooldown_seconds()}};
  for (const auto& [field, value] : seconds) {
    if (value < 0 || value > kLongestSeconds) {
      return fail(ErrorCode::kInvalidArgument, std::string(field) + ": 0 to 2,592,000");
    }
  }
  return {};
}

Result<> check_emails(const v1::AlertRule& rule) {
  if (rule.emails_size() > kMostEmails) return fail(ErrorCode::kInvalidArgument, "emails: at most 20");
  for (const std::string& email : rule.emails()) {
    if (Result<> fine = mail::check_address("emails", email); !fine) return fine;
  }
  return {};
}

}  // namespace

std::optional<alerts::State> state_of(v1::AlertState state) {
  switch (state) {
    case v1::ALERT_STATE_PENDING:
      return alerts::State::kPending;
    case v1::ALERT_STATE_FIRING:
      return alerts::State::kFiring;
    case v1::ALERT_STATE_RESOLVED:
      return alerts::State::kResolved;
    default:
      return std::nullopt;
  }
}

void to_message(const alerts::Rule& row, v1::AlertRule& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_metric(row.metric);
  into.set_threshold(row.threshold);
  into.set_window_seconds(row.window_seconds);
  into.set_for_seconds(row.for_seconds);
  into.set_cooldown_seconds(row.cooldown_seconds);
  into.set_object_id(row.object_id);
  into.mutable_webhook_ids()->Add(row.webhook_ids.begin(), row.webhook_ids.end());
  into.mutable_emails()->Add(row.emails.begin(), row.emails.end());
  if (row.silenced_until) set_time(into.mutable_silenced_until(), *row.silenced_until);
  into.set_status(row.status == store::Status::kActive ? v1::ALERT_RULE_STATUS_ACTIVE : v1::ALERT_RULE_STATUS_DISABLED);
  into.set_last_error(row.last_error);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

void to_message(const alerts::Alert& row, v1::Alert& into) {
  into.set_id(row.id);
  into.set_rule_id(row.rule_id);
  into.set_rule_name(row.rule_name);
  into.set_metric(row.metric);
  into.set_object_id(row.object_id);
  into.set_object_name(row.object_name);
  into.set_value(row.value);
  into.set_threshold(row.threshold);
  into.set_state(shown(row.state));
  set_time(into.mutable_since(), row.created_at);
  if (row.fired_at) set_time(into.mutable_fired_at(), *row.fired_at);
  if (row.resolved_at) set_time(into.mutable_resolved_at(), *row.resolved_at);
  if (row.acknowledged_at) set_time(into.mutable_acknowledged_at(), *row.acknowledged_at);
  into.set_acknowledged_by(row.acknowledged_by);
}

void to_message(const alerts::Delivery& row, v1::AlertDelivery& into) {
  into.set_id(row.id);
  into.set_alert_id(row.alert_id);
  into.set_webhook_id(row.webhook_id);
  into.set_email(row.email);
  into.set_event(row.event);
  into.set_state(shown(row.state));
  into.set_attempts(row.attempts);
  if (row.state == "waiting") set_time(into.mutable_next_attempt_at(), row.next_attempt_at);
  into.set_http_status(row.http_status);
  into.set_last_error(row.last_error);
  set_time(into.mutable_created_at(), row.created_at);
  if (row.delivered_at) set_time(into.mutable_delivered_at(), *row.delivered_at);
}

Result<> from_message(const v1::AlertRule& rule, alerts::Rule& into) {
  if (Result<> given = require("name", rule.name()); !given) return given;
  if (rule.name().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  if (alerts::find_metric(rule.metric()) == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "metric: must be one of /admin/v1/alert-metrics");
  }
  if (Result<> fine = require_not_negative({{"threshold", rule.threshold()}}); !fine) return fine;
  if (Result<> fine = check_seconds(rule); !fine) return fine;
  if (rule.object_id().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "object_id: at most 200 characters");
  if (rule.webhook_ids_size() > kMostWebhooks) return fail(ErrorCode::kInvalidArgument, "webhook_ids: at most 20");
  if (Result<> fine = check_emails(rule); !fine) return fine;
  into.name = rule.name();
  into.metric = rule.metric();
  into.threshold = rule.threshold();
  into.window_seconds = rule.window_seconds() == 0 ? kUsualWindow : rule.window_seconds();
  into.for_seconds = rule.for_seconds();
  into.cooldown_seconds = rule.cooldown_seconds();
  into.object_id = rule.object_id();
  into.webhook_ids.assign(rule.webhook_ids().begin(), rule.webhook_ids().end());
  into.emails.assign(rule.emails().begin(), rule.emails().end());
  into.silenced_until.reset();
  if (rule.has_silenced_until()) into.silenced_until = to_time(rule.silenced_until());
  into.status = rule.status() == v1::ALERT_RULE_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return {};
}

}  // namespace sluice::api
