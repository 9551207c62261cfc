#include "controlplane/usage/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "common/base/uuid.h"
#include "controlplane/usage/error_class.h"
#include "controlplane/usage/report_filter.h"

namespace sluice::usage {

namespace {

constexpr std::string_view kSelect =
    "SELECT event_id::text AS event_id, started_at, ended_at, user_id::text AS user_id, api_key_id::text AS "
    "api_key_id, "
    "group_id::text AS group_id, account_id::text AS account_id, protocol, requested_model, served_model, streaming, "
    "outcome, usage_state, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, "
    "cache_write_1h_tokens, raw_usage, coalesce(price_id::text, '') AS price_id, price_revision, lines::text AS lines, "
    "multiplier_ppm, cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version, "
    "node_id, received_at, wait_us, upstream_model, purchase_nano_usd FROM usage_events ";

struct Span {
  SystemTime from;
  SystemTime until;  // not included
};

std::vector<EventLine> read_lines(const std::string& json) {
  std::vector<EventLine> lines;
  boost::system::error_code error;
  const boost::json::value whole = boost::json::parse(json, error);
  if (error || !whole.is_array()) return lines;
  for (const boost::json::value& line : whole.get_array()) {
    const boost::json::array* parts = line.if_array();
    if (parts == nullptr || parts->size() != 3) continue;
    const auto part = [&](std::size_t i) {
      const std::int64_t* number = (*parts)[i].if_int64();
      return number == nullptr ? std::int64_t{0} : *number;
    };
    lines.push_back({.kind = static_cast<std::int32_t>(part(0)), .quantity = part(1), .unit_price = part(2)});
  }
  return lines;
}

Event read_event(const db::Row& row) {
  const auto text = [&](std::string_view column) { return row.get<std::string>(column); };
  const auto number = [&](std::string_view column) { return row.get<std::int64_t>(column); };
  const auto small = [&](std::string_view column) { return row.get<std::int32_t>(column); };
  Event event;
  event.event_id = text("event_id");
  event.started_at = row.get<SystemTime>("started_at");
  event.ended_at = row.get<SystemTime>("ended_at");
  event.user_id = text("user_id");
  event.api_key_id = text("api_key_id");
  event.group_id = text("group_id");
  event.account_id = text("account_id");
  event.protocol = text("protocol");
  event.requested_model = text("requested_model");
  event.served_model = text("served_model");
  event.streaming = row.get<bool>("streaming");
  event.outcome = small("outcome");
  event.usage_state = small("usage_state");
  event.input_tokens = number("input_tokens");
  event.output_tokens = number("output_tokens");
  event.cache_read_tokens = number("cache_read_tokens");
  event.cache_write_5m_tokens = number("cache_write_5m_tokens");
  event.cache_write_1h_tokens = number("cache_write_1h_tokens");
  event.raw_usage = text("raw_usage");
  event.price_id = text("price_id");
  event.price_revision = number("price_revision");
  event.lines = read_lines(text("lines"));
  event.multiplier_ppm = number("multiplier_ppm");
  event.cost_nano_usd = number("cost_nano_usd");
  event.upstream_status = small("upstream_status");
  event.upstream_request_id = text("upstream_request_id");
  event.first_byte_us = number("first_byte_us");
  event.attempts = small("attempts");
  event.config_version = number("config_version");
  event.node_id = text("node_id");
  event.received_at = row.get<SystemTime>("received_at");
  event.wait_us = number("wait_us");
  event.upstream_model = text("upstream_model");
  event.purchase_nano_usd = row.get<std::optional<std::int64_t>>("purchase_nano_usd");
  return event;
}

// Conditions on columns whose value the request may leave open, with the bounds that let an index be used. The day in
// the event id, by which partitions are, is that of the start or next to it.
constexpr std::string_view kWhere =
    "WHERE (started_at, event_id) < (coalesce($1::timestamptz, 'infinity'), "
    "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) "
    "AND ($4::uuid IS NULL OR user_id = $4) AND ($5::uuid IS NULL OR api_key_id = $5) "
    "AND ($6::uuid IS NULL OR group_id = $6) AND ($7::uuid IS NULL OR account_id = $7) "
    "AND ($8::text IS NULL OR requested_model = $8) "
    "AND started_at >= $9::timestamptz AND started_at < $10::timestamptz "
    "AND day BETWEEN ($9 AT TIME ZONE 'UTC')::date - 1 AND ($10 AT TIME ZONE 'UTC')::date + 1 "
    "AND ($11::smallint IS NULL OR outcome = $11) AND ($12::bigint IS NULL OR cost_nano_usd >= $12) "
    "AND ($13::text IS NULL OR $13 = ";
constexpr std::string_view kOrder = ") ORDER BY started_at DESC, event_id DESC LIMIT $3";

// From the first partition's day to the end of the last one's, with the margin; nothing if there are none.
Result<std::optional<Span>> whole_span(db::Transaction& tx) {
  const auto rows = tx.exec(
      "SELECT (min(day) - 1)::timestamp AT TIME ZONE 'UTC' AS from, (max(day) + 2)::timestamp AT TIME ZONE 'UTC' AS "
      "until FROM (SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day FROM pg_inherits i "
      "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'usage_events'::regclass) days");
  if (!rows) return std::unexpected(rows.error());
  const auto from = rows->front().get<std::optional<SystemTime>>("from");
  const auto until = rows->front().get<std::optional<SystemTime>>("until");
  if (!from || !until) return std::nullopt;
  return Span{.from = *from, .until = *until};
}

// Appends those of the span up to `size` rows in all.
Result<> read_span(db::Transaction& tx, const EventFilter& filter, const std::optional<store::Position>& position,
                   const Span& span, int size, std::vector<Event>& into) {
  const auto rows = tx.exec(fmt::format("{}{}{}{}", kSelect, kWhere, SLUICE_ERROR_CLASS, kOrder),
                            position ? std::optional(position->created_at) : std::nullopt,
                            position ? std::optional(position->id) : std::nullopt, size - static_cast<int>(into.size()),
                            filter.user_id, filter.api_key_id, filter.group_id, filter.account_id, filter.model,
                            span.from, span.until, filter.outcome, filter.min_cost_nano_usd, filter.error_class);
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows)
    into.push_back(read_event(row));
  return {};
}

}  // namespace

// Day by day from the newest, then two days, four: a page of what is frequent touches few partitions, and what is rare
// is found after few statements.
Result<store::Page<Event>> list_events(db::Transaction& tx, const store::PageRequest& request,
                                       const EventFilter& filter) {
  if (filter.error_class && !is_error_class(*filter.error_class)) {
    return fail(ErrorCode::kInvalidArgument, "error_class: there is no such error class");
  }
  const auto position = store::decode_cursor(request.cursor);
  if (!position) return std::unexpected(position.error());
  const auto whole = whole_span(tx);
  if (!whole) return std::unexpected(whole.error());
  store::Page<Event> page;
  if (!*whole) return page;
  const int size = std::clamp(request.size, 1, store::kMaxPageSize);
  const SystemTime oldest = std::max((*whole)->from, filter.from.value_or(SystemTime::min()));
  SystemTime until = std::min((*whole)->until, filter.until.value_or(SystemTime::max()));
  if (*position) until = std::min(until, (*position)->created_at + std::chrono::microseconds(1));
  for (std::chrono::days width(1); until > oldest && page.rows.size() <= static_cast<std::size_t>(size); width *= 2) {
    const Span span{.from = std::max(oldest, until - width), .until = until};
    if (Result<> read = read_span(tx, filter, *position, span, size + 1, page.rows); !read) {
      return std::unexpected(read.error());
    }
    until = span.from;
  }
  if (page.rows.size() > static_cast<std::size_t>(size)) {
    page.rows.pop_back();
    page.next = store::encode_cursor({page.rows.back().started_at, page.rows.back().event_id});
  }
  return page;
}

Result<Event> get_event(db::Transaction& tx, std::string_view event_id) {
  const Result<Uuid> id = Uuid::parse(event_id);
  if (!id) return std::unexpected(id.error());
  const std::string day = db::format_time(SystemTime(std::chrono::floor<std::chrono::days>(id->time()))).substr(0, 10);
  const auto rows = tx.exec(std::string(kSelect) + "WHERE day = $1::date AND event_id = $2", day, *id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return fail(ErrorCode::kNotFound, "no usage event with this id");
  return read_event(rows->front());
}

}  // namespace sluice::usage
