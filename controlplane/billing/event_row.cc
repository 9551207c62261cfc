#include "controlplane/billing/event_row.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "common/money/money.h"
#include "controlplane/billing/purse.h"

namespace sluice::billing {

namespace {

namespace v1 = usage::v1;

constexpr std::chrono::days kOldest{400};
constexpr std::chrono::days kFurthestAhead{1};
// No request costs a million USD; a sum of what may be stored cannot run a wallet out of int64 unnoticed.
constexpr std::int64_t kDearest = 1'000'000 * money::kNanoPerUsd;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<Uuid> parse_id(std::string_view what, std::string_view text) {
  Result<Uuid> id = Uuid::parse(text);
  if (!id) return refuse(fmt::format("{} is no UUID", what));
  return id;
}

Result<> check_time(std::string_view what, SystemTime at, SystemTime now) {
  if (at < now - kOldest) return refuse(fmt::format("{} is more than 400 days ago", what));
  if (at > now + kFurthestAhead) return refuse(fmt::format("{} is more than a day ahead", what));
  return {};
}

Result<SystemTime> parse_time(std::string_view what, const google::protobuf::Timestamp& time, SystemTime now) {
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (time.seconds() <= 0 || time.seconds() >= kYear10000 || time.nanos() < 0 || time.nanos() > 999'999'999) {
    return refuse(fmt::format("{} is no time", what));
  }
  const SystemTime at{std::chrono::seconds(time.seconds()) + std::chrono::microseconds(time.nanos() / 1000)};
  if (Result<> sane = check_time(what, at, now); !sane) return std::unexpected(sane.error());
  return at;
}

Result<> check_numbers(const v1::UsageEvent& event) {
  const v1::TokenCounts& tokens = event.tokens();
  if (std::min({tokens.input(), tokens.output(), tokens.cache_read(), tokens.cache_write_5m(),
                tokens.cache_write_1h()}) < 0) {
    return refuse("a token count is negative");
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (std::max({event.price_revision(), event.multiplier_ppm(), event.first_byte_us(), event.config_version(),
                event.wait_us()}) > kMax ||
      std::max(event.upstream_status(), event.attempts()) > std::numeric_limits<std::int32_t>::max()) {
    return refuse("a number is out of range");
  }
  if (!v1::Outcome_IsValid(event.outcome()) || event.outcome() == v1::OUTCOME_UNSPECIFIED ||
      !v1::UsageState_IsValid(event.usage_state()) || event.usage_state() == v1::USAGE_STATE_UNSPECIFIED) {
    return refuse("outcome or usage state is unknown");
  }
  return {};
}

// The node's arithmetic again: what is charged is what the lines say.
Result<> check_cost(const v1::UsageEvent& event) {
  std::vector<money::TokenLine> token_lines;
  std::int64_t per_request = 0;
  for (const v1::PriceLine& line : event.lines()) {
    if (line.kind() != v1::LINE_KIND_PER_REQUEST) {
      token_lines.push_back({line.quantity(), line.unit_price()});
      continue;
    }
    if (line.quantity() != 1) return refuse("a request is billed more than once");
    if (__builtin_add_overflow(per_request, line.unit_price(), &per_request)) return refuse("a price is out of range");
  }
  const Result<std::int64_t> cost = money::cost(token_lines, per_request, event.multiplier_ppm());
  if (!cost) return refuse(cost.error().message);
  if (*cost != event.cost_nano_usd()) {
    return refuse(fmt::format("cost is {} nano-USD but its lines make {}", event.cost_nano_usd(), *cost));
  }
  if (*cost > kDearest) return refuse(fmt::format("cost of {} nano-USD is beyond belief", *cost));
  return {};
}

std::string lines_json(const v1::UsageEvent& event) {
  std::string json = "[";
  for (const v1::PriceLine& line : event.lines()) {
    fmt::format_to(std::back_inserter(json), "{}[{},{},{}]", json.size() > 1 ? "," : "", static_cast<int>(line.kind()),
                   line.quantity(), line.unit_price());
  }
  return json + "]";
}

Result<> read_ids(const v1::UsageEvent& event, EventRow& row) {
  struct Id {
    std::string_view what;
    const std::string& text;
    Uuid& into;
  };
  for (const Id& id :
       {Id{"event_id", event.event_id(), row.event_id}, Id{"user_id", event.user_id(), row.user_id},
        Id{"api_key_id", event.api_key_id(), row.api_key_id}, Id{"group_id", event.group_id(), row.group_id},
        Id{"account_id", event.account_id(), row.account_id}}) {
    const Result<Uuid> parsed = parse_id(id.what, id.text);
    if (!parsed) return std::unexpected(parsed.error());
    id.into = *parsed;
  }
  if (row.event_id.version() != 7) return refuse("event_id is no UUIDv7");
  if (event.price_id().empty()) return {};
  const Result<Uuid> price = parse_id("price_id", event.price_id());
  if (!price) return std::unexpected(price.error());
  row.price_id = price->to_string();
  return {};
}

constexpr std::string_view kSubscription = "sub:";

// "sub:<id>:<window>" into the row; false if it is none, or of another subscription than the ones before.
bool read_subscription(std::string_view purse, EventRow& row) {
  const std::size_t colon = purse.find(':', kSubscription.size());
  if (colon == std::string_view::npos || !is_window_id(purse.substr(colon + 1))) return false;
  const Result<Uuid> id = Uuid::parse(purse.substr(kSubscription.size(), colon - kSubscription.size()));
  if (!id || (row.subscription_id && *row.subscription_id != *id)) return false;
  row.subscription_id = *id;
  row.subscription_windows.append(row.subscription_windows.empty() ? "" : " ").append(purse.substr(colon + 1));
  return true;
}

// Only what is the event's own: no node can spend somebody else's money, by whatever mistake.
Result<> read_purses(const v1::UsageEvent& event, EventRow& row) {
  const std::string wallet = wallet_purse(row.user_id);
  const std::string budgets = budget_purse(row.api_key_id, "");
  std::set<std::string_view> seen;
  for (const std::string_view purse : event.purses()) {
    bool good = seen.insert(purse).second;
    if (purse == wallet) {
      row.names_wallet = true;
    } else if (purse.starts_with(kSubscription)) {
      good = good && read_subscription(purse, row);
    } else {
      const std::string_view window = purse.starts_with(budgets) ? purse.substr(budgets.size()) : std::string_view();
      good = good && is_window_id(window);
      row.budget_windows.append(row.budget_windows.empty() ? "" : " ").append(window);
    }
    if (!good) return refuse("a purse is not of the event's user or key, or is there twice");
  }
  if (row.names_wallet && row.subscription_id) return refuse("both a wallet and a subscription are to pay");
  return {};
}

}  // namespace

Result<EventRow> to_row(const v1::UsageEvent& event, SystemTime now) {
  EventRow row;
  row.event = &event;
  if (Result<> ids = read_ids(event, row); !ids) return std::unexpected(ids.error());
  if (Result<> sane = check_time("event_id", row.event_id.time(), now); !sane) return std::unexpected(sane.error());
  row.day = std::chrono::floor<std::chrono::days>(row.event_id.time());
  const Result<SystemTime> started = parse_time("started_at", event.started_at(), now);
  if (!started) return std::unexpected(started.error());
  row.started_at = *started;
  const Result<SystemTime> ended = parse_time("ended_at", event.ended_at(), now);
  if (!ended) return std::unexpected(ended.error());
  row.ended_at = *ended;
  if (Result<> sane = check_numbers(event); !sane) return std::unexpected(sane.error());
  if (Result<> sane = check_cost(event); !sane) return std::unexpected(sane.error());
  if (Result<> purses = read_purses(event, row); !purses) return std::unexpected(purses.error());
  row.lines = lines_json(event);
  return row;
}

std::string clean_text(std::string text) {
  std::ranges::replace(text, '\0', '?');
  if (!simdjson::validate_utf8(text)) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return text;
}

}  // namespace sluice::billing
