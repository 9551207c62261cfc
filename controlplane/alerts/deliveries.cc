#include "controlplane/alerts/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "common/base/uuid.h"
#include "controlplane/store/row_access.h"

namespace sluice::alerts {

namespace {

#define SLUICE_DELIVERY_COLUMNS                                                                         \
  "id, COALESCE(alert_id::text, '') AS alert_id, COALESCE(webhook_id::text, '') AS webhook_id, email, " \
  "event, body, state, attempts, next_attempt_at, http_status, last_error, created_at, delivered_at"

constexpr std::chrono::seconds kFirstPause{10};
constexpr std::chrono::seconds kLongestPause{3'600};

Delivery read_delivery(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .alert_id = row.get<std::string>("alert_id"),
          .webhook_id = row.get<std::string>("webhook_id"),
          .email = row.get<std::string>("email"),
          .event = row.get<std::string>("event"),
          .body = row.get<std::string>("body"),
          .state = row.get<std::string>("state"),
          .attempts = row.get<std::int32_t>("attempts"),
          .next_attempt_at = row.get<SystemTime>("next_attempt_at"),
          .http_status = row.get<std::int32_t>("http_status"),
          .last_error = row.get<std::string>("last_error"),
          .created_at = row.get<SystemTime>("created_at"),
          .delivered_at = row.get<std::optional<SystemTime>>("delivered_at")};
}

boost::json::object about(const Alert& alert) {
  boost::json::object out{{"id", alert.id},
                          {"rule", alert.rule_name},
                          {"metric", alert.metric},
                          {"object_id", alert.object_id},
                          {"object_name", alert.object_name},
                          {"value", alert.value},
                          {"threshold", alert.threshold},
                          {"state", name(alert.state)},
                          {"since", db::format_time(alert.created_at)}};
  if (alert.resolved_at) out["resolved_at"] = db::format_time(*alert.resolved_at);
  return out;
}

std::string text_about(const Alert& alert, Event event) {
  const Metric* metric = find_metric(alert.metric);
  return fmt::format("{}: {}\n\n{}\nObject: {} ({})\nValue: {} {}\nThreshold: {}\nSince: {}\n", alert.rule_name,
                     name(event), metric == nullptr ? "" : metric->about, alert.object_name, alert.object_id,
                     alert.value, metric == nullptr ? "" : metric->unit, alert.threshold,
                     db::format_time(alert.created_at));
}

Result<> insert(db::Transaction& tx, const Delivery& delivery) {
  const auto id_or_null = [](const std::string& id) { return id.empty() ? std::nullopt : std::optional(id); };
  const auto done = tx.exec(
      "INSERT INTO alert_deliveries (id, alert_id, webhook_id, email, event, body, state, next_attempt_at, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $7)",
      delivery.id, id_or_null(delivery.alert_id), id_or_null(delivery.webhook_id), delivery.email, delivery.event,
      delivery.body, delivery.created_at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Delivery new_delivery(Event event, SystemTime now) {
  return {.id = Uuid::generate(now).to_string(), .event = std::string(name(event)), .created_at = now};
}

std::string webhook_body(const Delivery& delivery, boost::json::object alert) {
  return boost::json::serialize(boost::json::object{{"delivery_id", delivery.id},
                                                    {"event", "alert." + delivery.event},
                                                    {"at", db::format_time(delivery.created_at)},
                                                    {"alert", std::move(alert)}});
}

}  // namespace

std::string_view name(Event event) {
  switch (event) {
    case Event::kFiring:
      return "firing";
    case Event::kResolved:
      return "resolved";
    case Event::kTest:
      return "test";
  }
  return {};
}

Result<> store_deliveries(db::Transaction& tx, const Rule& rule, const Alert& alert, Event event, SystemTime now) {
  for (const std::string& webhook : rule.webhook_ids) {
    Delivery delivery = new_delivery(event, now);
    delivery.alert_id = alert.id;
    delivery.webhook_id = webhook;
    delivery.body = webhook_body(delivery, about(alert));
    if (Result<> stored = insert(tx, delivery); !stored) return stored;
  }
  for (const std::string& email : rule.emails) {
    Delivery delivery = new_delivery(event, now);
    delivery.alert_id = alert.id;
    delivery.email = email;
    delivery.body = text_about(alert, event);
    if (Result<> stored = insert(tx, delivery); !stored) return stored;
  }
  return {};
}

Result<Delivery> store_test(db::Transaction& tx, const Webhook& webhook, SystemTime now) {
  Delivery delivery = new_delivery(Event::kTest, now);
  delivery.webhook_id = webhook.id;
  delivery.state = "waiting";
  delivery.next_attempt_at = now;
  delivery.body = webhook_body(delivery, {});
  if (Result<> stored = insert(tx, delivery); !stored) return std::unexpected(stored.error());
  return delivery;
}

Result<store::Page<Delivery>> list_deliveries(db::Transaction& tx, const store::PageRequest& page,
                                              const std::optional<std::string>& alert_id) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows =
      tx.exec("SELECT " SLUICE_DELIVERY_COLUMNS " FROM alert_deliveries WHERE " SLUICE_KEYSET(
                  "created_at") "AND ($4::uuid IS NULL OR alert_id = $4) " SLUICE_KEYSET_ORDER("created_at"),
              store::time_of(*position), store::id_of(*position), store::page_size(page) + 1, alert_id);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Delivery>(*rows, store::page_size(page), read_delivery,
                                    store::position_by_created_at<Delivery>);
}

Result<std::optional<Delivery>> take_delivery(db::Transaction& tx, SystemTime now, std::chrono::seconds lease) {
  const auto rows = tx.exec(
      "UPDATE alert_deliveries SET attempts = attempts + 1, next_attempt_at = $2 WHERE id = (SELECT id FROM "
      "alert_deliveries WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT 1 "
      "FOR UPDATE SKIP LOCKED) RETURNING " SLUICE_DELIVERY_COLUMNS,
      now, now + lease);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<Delivery>();
  return std::optional(read_delivery(rows->front()));
}

Result<> note_delivered(db::Transaction& tx, const Delivery& delivery, int http_status, SystemTime now) {
  const auto done = tx.exec(
      "UPDATE alert_deliveries SET state = 'delivered', http_status = $2, last_error = '', delivered_at = $3 "
      "WHERE id = $1 AND attempts = $4",
      delivery.id, http_status, now, delivery.attempts);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> note_not_delivered(db::Transaction& tx, const Delivery& delivery, int http_status, std::string_view error,
                            bool final, SystemTime now) {
  const bool last = final || delivery.attempts >= kMostAttempts;
  const auto pause = std::min(kFirstPause * (1 << std::clamp(delivery.attempts - 1, 0, 16)), kLongestPause);
  const auto done = tx.exec(
      "UPDATE alert_deliveries SET state = $2, http_status = $3, last_error = $4, next_attempt_at = $5 "
      "WHERE id = $1 AND state = 'waiting' AND attempts = $6",
      delivery.id, last ? "failed" : "waiting", http_status, error, now + pause, delivery.attempts);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::alerts
