#include "controlplane/mail/outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/uuid.h"
#include "controlplane/store/row_access.h"

namespace sluice::mail {

namespace {

#define SLUICE_MAIL_COLUMNS \
  "id, recipient, subject, sealed, state, attempts, next_attempt_at, last_error, created_at, ended_at"

constexpr std::chrono::seconds kFirstPause{15};
constexpr std::chrono::seconds kLongestPause{1'800};

Mail read_mail(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .recipient = row.get<std::string>("recipient"),
          .subject = row.get<std::string>("subject"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .state = row.get<std::string>("state"),
          .attempts = row.get<std::int32_t>("attempts"),
          .next_attempt_at = row.get<SystemTime>("next_attempt_at"),
          .last_error = row.get<std::string>("last_error"),
          .created_at = row.get<SystemTime>("created_at"),
          .ended_at = row.get<std::optional<SystemTime>>("ended_at")};
}

}  // namespace

Result<std::string> queue(db::Transaction& tx, const crypto::Vault& vault, const Message& message, SystemTime now) {
  std::string id = Uuid::generate(now).to_string();
  const auto done = tx.exec(
      "INSERT INTO mails (id, recipient, subject, sealed, key_version, state, next_attempt_at, created_at) "
      "VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $6)",
      id, message.to, message.subject, db::Bytes{vault.seal(fmt::format("mails|{}|sealed", id), message.text)},
      static_cast<std::int32_t>(vault.newest_version()), now);
  if (!done) return std::unexpected(done.error());
  return id;
}

Result<store::Page<Mail>> list_mails(db::Transaction& tx, const store::PageRequest& page) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows = tx.exec("SELECT " SLUICE_MAIL_COLUMNS " FROM mails WHERE " SLUICE_KEYSET("created_at")
                                SLUICE_KEYSET_ORDER("created_at"),
                            store::time_of(*position), store::id_of(*position), store::page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Mail>(*rows, store::page_size(page), read_mail, store::position_by_created_at<Mail>);
}

Result<std::optional<Mail>> take_mail(db::Transaction& tx, SystemTime now, std::chrono::seconds lease) {
  const auto rows = tx.exec(
      "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2 WHERE id = (SELECT id FROM mails "
      "WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED) "
      "RETURNING " SLUICE_MAIL_COLUMNS,
      now, now + lease);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<Mail>();
  return std::optional(read_mail(rows->front()));
}

Result<> note_sent(db::Transaction& tx, const Mail& mail, SystemTime now) {
  const auto done = tx.exec(
      "UPDATE mails SET state = 'sent', sealed = '', last_error = '', ended_at = $3 "
      "WHERE id = $1 AND state = 'waiting' AND attempts = $2",
      mail.id, mail.attempts, now);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> note_not_sent(db::Transaction& tx, const Mail& mail, std::string_view error, bool final, SystemTime now) {
  const bool last = final || mail.attempts >= kMostAttempts;
  const auto pause = std::min(kFirstPause * (1 << std::clamp(mail.attempts - 1, 0, 16)), kLongestPause);
  const auto done = tx.exec(
      "UPDATE mails SET state = $3, last_error = $4, next_attempt_at = $5, "
      "sealed = CASE WHEN $6::boolean THEN ''::bytea ELSE sealed END, "
      "ended_at = CASE WHEN $6::boolean THEN $7::timestamptz END "
      "WHERE id = $1 AND state = 'waiting' AND attempts = $2",
      mail.id, mail.attempts, last ? "failed" : "waiting", error, now + pause, last, now);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> drop_mails(db::Transaction& tx, SystemTime before, int limit) {
  const auto done =
      tx.exec("DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE ended_at < $1 LIMIT $2)", before, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::mail
