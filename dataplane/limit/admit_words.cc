#include "dataplane/limit/admit_words.h"

#include <algorithm>
#include <array>

namespace sluice::limit {

namespace {

// When a place may have become free; nobody knows.
constexpr std::chrono::milliseconds kSoon{1000};

std::optional<Place> place(SlotOf of, std::string_view kind, std::string_view id, std::uint32_t limit,
                           std::size_t account = 0) {
  if (limit == 0) return std::nullopt;
  return Place{.of = of, .scope = std::string(kind).append(id), .limit = limit, .account = account};
}

}  // namespace

std::string user_scope(const Demand& demand) {
  return std::string("user:").append(demand.user.id);
}

std::string key_scope(const Demand& demand) {
  return std::string("key:").append(demand.key.id);
}

std::span<const AccountOption> accounts_of(const Demand& demand) {
  return std::span(demand.accounts).first(std::min(demand.accounts.size(), kMaxCandidates));
}

std::optional<Place> user_place(const Demand& demand) {
  return place(SlotOf::kUser, "user:", demand.user.id, demand.user.concurrency);
}

std::optional<Place> key_place(const Demand& demand) {
  return place(SlotOf::kKey, "key:", demand.key.id, demand.key.concurrency);
}

std::optional<Place> account_place(const Demand& demand, std::size_t account) {
  const AccountOption& option = demand.accounts[account];
  return place(SlotOf::kAccount, "account:", option.id, option.concurrency, account);
}

std::vector<Place> all_places(const Demand& demand) {
  std::vector<Place> places;
  if (auto user = user_place(demand)) places.push_back(std::move(*user));
  if (auto key = key_place(demand)) places.push_back(std::move(*key));
  for (std::size_t i = 0; i < accounts_of(demand).size(); ++i) {
    if (auto account = account_place(demand, i)) places.push_back(std::move(*account));
  }
  return places;
}

bool waits_for_account(const AdmitOutcome& answer) {
  const auto* waiting = std::get_if<AdmitWaiting>(&answer);
  return waiting != nullptr && (waiting->for_what == WaitFor::kAccount || waiting->for_what == WaitFor::kSticky);
}

std::vector<Place> queues_of(const Demand& demand, const AdmitWaiting& waiting) {
  std::vector<Place> queues;
  const auto join = [&](std::optional<Place> at) {
    if (at) queues.push_back(std::move(*at));
  };
  if (waiting.for_what == WaitFor::kUser) join(user_place(demand));
  if (waiting.for_what == WaitFor::kKey) join(key_place(demand));
  for (std::size_t i = 0; i < accounts_of(demand).size(); ++i) {
    const bool sticky = waiting.for_what == WaitFor::kSticky && waiting.sticky == static_cast<std::int32_t>(i);
    const bool listed = waiting.for_what == WaitFor::kAccount && (waiting.queues >> i & 1U) != 0;
    if (sticky || listed) join(account_place(demand, i));
  }
  return queues;
}

std::vector<Load> loads_of(const std::vector<CandidateLoad>& loads) {
  std::vector<Load> result;
  result.reserve(loads.size());
  for (const CandidateLoad& load : loads)
    result.push_back({load.running, load.waiting});
  return result;
}

Refused refused_of(const Demand& demand, const AdmitRefused& refused) {
  using Kind = Refused::Kind;
  struct Words {
    Kind kind;
    std::string_view limit_name;
  };
  static constexpr std::array<Words, 8> kWords = {{{Kind::kSlots, "user_concurrency"},
                                                   {Kind::kSlots, "key_concurrency"},
                                                   {Kind::kRate, "user_requests_per_minute"},
                                                   {Kind::kRate, "user_tokens_per_minute"},
                                                   {Kind::kRate, "key_requests_per_minute"},
                                                   {Kind::kRate, "key_tokens_per_minute"},
                                                   {Kind::kMoney, "wallet"},
                                                   {Kind::kAccountsFull, "accounts"}}};
  const Words& words = kWords.at(static_cast<std::size_t>(refused.why));
  Refused result{.kind = words.kind,
                 .limit_name = words.limit_name,
                 .limit = refused.limit,
                 .current = refused.current,
                 .retry_after = refused.retry_after};
  if (words.kind == Kind::kMoney) {
    const auto purse = static_cast<std::size_t>(std::max(0, refused.purse));
    if (purse < demand.purses.size()) result.limit_name = limit_name_of_purse(demand.purses[purse].id);
    result.limit *= 1000;
    result.current *= 1000;
  } else if (result.retry_after.count() == 0) {
    result.retry_after = kSoon;
  }
  return result;
}

Refused accounts_full(const Demand& demand) {
  return {.kind = Refused::Kind::kAccountsFull,
          .limit_name = "accounts",
          .limit = demand.waiting_per_account,
          .current = 0,
          .retry_after = kSoon};
}

std::string_view limit_name_of_purse(std::string_view purse) {
  if (purse.starts_with("user:")) return "wallet";
  const std::size_t window = purse.find(':', 4);
  const std::string_view id = window == std::string_view::npos ? "" : purse.substr(window + 1);
  if (purse.starts_with("sub:")) {
    if (id.starts_with("day")) return "subscription_day";
    return id.starts_with("week") ? "subscription_week" : "subscription_month";
  }
  if (id.starts_with("day")) return "key_budget_day";
  if (id.starts_with("week")) return "key_budget_week";
  if (id.starts_with("month")) return "key_budget_month";
  return "key_budget_total";
}

}  // namespace sluice::limit
